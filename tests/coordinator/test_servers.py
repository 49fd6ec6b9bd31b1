"""How long a server has been silent is known whatever asking it comes to."""

import asyncio
import contextlib

from actors.core.clock import NS_PER_S
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from sim.coordinator.servers import Silence, listen_for
from sim.stream.store_check import MARKED_EVERY_S
from tests.support.virtual import run_virtual


def test_a_server_is_asked_again_whatever_it_answered() -> None:
    """No answer, and a client that gives up, are silence from that instant on; an answer ends it."""
    answers: list[bool | BaseException] = [True, asyncio.CancelledError(), False, True]
    found: list[float] = []

    async def law() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        silence = Silence(VirtualClock(loop))

        async def ask() -> bool:
            found.append(silence.lasting_s)
            if not answers:
                raise TimeoutError
            answer = answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        with contextlib.suppress(TimeoutError):
            await listen_for(ask, silence)

    run_virtual(law())
    every_s = round(MARKED_EVERY_S * NS_PER_S) / NS_PER_S
    assert found == [0.0, 0.0, every_s, 2 * every_s, 0.0]
