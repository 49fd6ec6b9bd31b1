"""What a run on a stream sends is sent by the producer of every pipeline, whatever befalls it."""

import asyncio
from collections.abc import Coroutine, Sequence

import numpy as np
import pytest

from actors.actor import Environment, Hooks
from actors.adapters.memory import InMemorySource
from actors.config import PipelineConfig, RestartConfig
from actors.core.arrays import I64
from actors.core.clock import NS_PER_MS, Clock
from actors.core.errors import EscalationError
from actors.supervisor import Restart
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from sim.coordinator.open_loop import OpenLoop
from tests.support.sim.workers import transactions

COUNT, APART_NS = 40, 5 * NS_PER_MS
AHEAD_NS = 1_000_000_000_000  # of wall time


class KeptOutlet:
    """Takes everything at once, and remembers it.

    Args:
        clock: tells when it was sent.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.numbers: list[int] = []
        self.due_ns: list[int] = []
        self.sent_ns: list[int] = []
        self.keys: list[bytes | None] = []

    async def send(self, keys: Sequence[bytes | None], raws: Sequence[bytes], numbers: I64, due_wall_ns: I64) -> None:
        self.keys += keys
        self.numbers += numbers.tolist()
        self.due_ns += due_wall_ns.tolist()
        self.sent_ns += [self._clock.now_ns()] * len(raws)


class Crashing(Hooks):
    """Crashes the producer each time from its first batch on, as often as told.

    Args:
        times: how often.
    """

    def __init__(self, times: int) -> None:
        self.left = times

    async def received(self, actor: str, rows: int) -> None:
        del actor, rows
        if self.left:
            self.left -= 1
            raise RuntimeError("planned")


def played(crashes: int) -> tuple[KeptOutlet, Telemetry, list[Restart], list[int]]:
    """Send `COUNT` transactions, `APART_NS` apart, past ``crashes`` of the producer."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(_played(loop, crashes))
    finally:
        loop.close()


async def _played(loop: VirtualLoop, crashes: int) -> tuple[KeptOutlet, Telemetry, list[Restart], list[int]]:
    clock = VirtualClock(loop)
    outlet, telemetry, restarts, sent = KeptOutlet(clock), Telemetry(), list[Restart](), list[int]()
    raws = [*transactions(COUNT - 1), b"no transaction"]
    source = InMemorySource.of(raws, np.arange(COUNT) * APART_NS)
    config = PipelineConfig(restart=RestartConfig(max_restarts=3, backoff_ns=20 * NS_PER_MS))
    environment = Environment(clock, telemetry, Crashing(crashes))

    def note(first: int, count: int) -> None:
        sent.extend(range(first, first + count))

    sending = OpenLoop(config, source, outlet, environment, note, restarts.append)
    sending.start_at(clock.now_ns(), AHEAD_NS)
    await _together(sending.produce(), sending.send())
    assert sending.held == 0
    return outlet, telemetry, restarts, sent


async def _together(*jobs: Coroutine[object, object, None]) -> None:
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def test_each_is_sent_once_with_the_instant_at_which_it_was_due() -> None:
    """Numbers go up from 0, intended times are wall time, the key is the card, and none for what cannot be read."""
    outlet, telemetry, _, sent = played(crashes=0)
    assert outlet.numbers == sent == list(range(COUNT))
    assert [due - AHEAD_NS for due in outlet.due_ns] == outlet.sent_ns == [at * APART_NS for at in range(COUNT)]
    assert all(outlet.keys[:-1])
    assert outlet.keys[-1] is None
    assert telemetry.stages[Stage.LATENESS].max_us == 0


def test_a_crash_makes_late_and_moves_no_intended_time() -> None:
    """The producer is started again, sends what was due meanwhile, and its lateness is counted."""
    outlet, telemetry, restarts, _ = played(crashes=2)
    assert [restart.actor for restart in restarts] == ["producer", "producer"]
    assert outlet.numbers == list(range(COUNT))
    assert [due - AHEAD_NS for due in outlet.due_ns] == [at * APART_NS for at in range(COUNT)]
    assert outlet.sent_ns[0] == 60 * NS_PER_MS
    assert telemetry.stages[Stage.LATENESS].max_us == 60_000


def test_a_producer_that_goes_on_crashing_is_given_up() -> None:
    """It is not restarted for ever."""
    with pytest.raises(EscalationError, match="producer crashed 4 times"):
        played(crashes=9)
