"""What goes on beside a run on a stream."""

import asyncio

import pytest

from actors.adapters.kafka.address import parse_stream
from actors.adapters.redis.address import parse_store
from actors.core.clock import RealClock
from sim.coordinator.stream_workers import StreamRequest, StreamWorkers
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
