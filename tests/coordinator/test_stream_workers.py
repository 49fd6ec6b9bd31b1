"""What goes on beside a run on a stream."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actors.adapters.kafka.address import parse_stream
from actors.adapters.redis.address import parse_store
from actors.core.clock import NS_PER_S, RealClock
from sim.coordinator.stream_workers import NOBODYS_S, StreamRequest, StreamWorkers
from sim.stream.places import Places


def test_a_helper_that_fails_ends_the_run_with_its_error() -> None:
    """Whoever waits for the workers hears of it; one that is done, or called off with the run, ends nothing."""

    async def failing() -> None:
        raise LookupError("a bug")

    async def done() -> None:
        """Return at once."""

    async def scenario() -> None:
        clock = RealClock()
        places = Places(parse_stream("kafka://127.0.0.1:1/nobody"), parse_store("redis://127.0.0.1:1"))
        workers = StreamWorkers(StreamRequest(places), "run", clock, lambda _: None)
        workers.add(done(), "well")
        waiting = asyncio.create_task(workers.given_up())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        workers.add(failing(), "ill")
        with pytest.raises(LookupError, match="a bug"):
            await waiting
        clock.close()

    asyncio.run(scenario())


class Skipping(RealClock):
    """A clock on which no wait takes any time, and whose time is limited."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead_ns = 0

    def now_ns(self) -> int:
        return self._ahead_ns

    async def sleep_ns(self, span_ns: int) -> None:
        self._ahead_ns += span_ns
        if self._ahead_ns > 2 * NOBODYS_S * NS_PER_S:
            raise TimeoutError


@pytest.mark.parametrize(("has", "silent", "asked"), [((0, 1), False, False), ((0,), False, True), ((0,), True, False)])
def test_partitions_of_nobody_are_shared_out_anew(has: tuple[int, ...], *, silent: bool, asked: bool) -> None:
    """Not while each has a worker, and not while Kafka is away: nobody can say then what he has."""

    async def scenario() -> list[str]:
        clock, runs = Skipping(), list[str]()
        places = Places(parse_stream("kafka://127.0.0.1:1/nobody"), parse_store("redis://127.0.0.1:1"))
        workers = StreamWorkers(StreamRequest(places), "run", clock, lambda _: None)
        workers.starts = {0: 0, 1: 0}
        status = SimpleNamespace(ends=SimpleNamespace(partitions=has))
        workers.group = cast("Any", SimpleNamespace(live=[status], live_statuses=lambda: [status]))
        workers.topics = cast("Any", SimpleNamespace(hand_out_anew=runs.append))
        workers.kafka.note(answers=not silent)
        with pytest.raises(TimeoutError):
            await workers.keep_served()
        clock.close()
        return runs

    assert (set(asyncio.run(scenario())) == {"run"}) == asked
