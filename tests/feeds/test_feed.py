"""The contract of a feed, for all adapters, and what only another process can do."""

import asyncio
import os
import pickle
import signal
from collections.abc import Callable, Coroutine
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pytest

from actors.core.errors import InternalError, MachineError
from sim.feeds import process_feed
from sim.feeds.feed import Block, Blocks, Feed, InlineFeed
from sim.feeds.process_feed import ProcessFeed
from sim.world.spec import WorldSpec
from sim.world.traffic import TrafficSpec
from tests.support.sim.worlds import steady, traffic_spec

SPEC = traffic_spec(steady(5))
BROKEN = TrafficSpec(world=WorldSpec(cards=-1), phases=(steady(),), seed=1)  # no scenario can say this
PATIENCE_S = 60

Make = Callable[[TrafficSpec], Feed]
adapters = pytest.mark.parametrize("make", [InlineFeed, ProcessFeed])


def run(main: Coroutine[Any, Any, Any]) -> None:
    """Run ``main``, and fail rather than hang."""
    asyncio.run(asyncio.wait_for(main, PATIENCE_S))


def content(block: Block) -> tuple[object, ...]:
    """Return everything in ``block`` in a form that compares."""
    assert block.due_ns is not None
    arrays = (block.due_ns, block.event_us, block.fraud, block.pattern)
    return (block.first, block.raws, block.merchants, list(block.categories), *(each.tolist() for each in arrays))


async def rest(feed: Feed) -> list[Block]:
    """Return all blocks that are left."""
    blocks = []
    while (block := await feed.take()) is not None:
        blocks.append(block)
    return blocks


@adapters
def test_a_feed_hands_out_the_traffic_of_its_spec(make: Make) -> None:
    """All of it, in order, and then None for ever."""

    async def main() -> None:
        feed = make(SPEC)
        assert [content(block) for block in await rest(feed)] == [content(block) for block in SPEC.build()]
        assert await feed.take() is None
        feed.close()

    run(main())


@adapters
def test_a_closed_feed_hands_out_nothing(make: Make) -> None:
    """Closing early, or twice, is fine."""

    async def main() -> None:
        feed = make(SPEC)
        assert await feed.take() is not None
        feed.close()
        feed.close()
        assert await feed.take() is None

    run(main())


@adapters
def test_traffic_that_cannot_be_made_is_an_error_each_time(make: Make) -> None:
    """The text says what went wrong."""

    async def main() -> None:
        feed = make(BROKEN)
        for _ in range(2):
            with pytest.raises(InternalError, match=r"(?s)the traffic could not be made.*ZeroDivisionError"):
                await feed.take()
        feed.close()

    run(main())


def test_closing_wakes_who_waits() -> None:
    """A task that waits for the first block gets None when the feed is closed."""

    async def main() -> None:
        feed = ProcessFeed(SPEC)
        waiting = asyncio.create_task(feed.take())
        await asyncio.sleep(0)
        feed.close()
        assert await waiting is None

    run(main())


def test_waiting_for_a_block_does_not_block_the_loop() -> None:
    """While the child starts, other tasks run."""

    async def main() -> None:
        feed = ProcessFeed(SPEC)
        waiting = asyncio.create_task(feed.take())
        turns = 0
        while not waiting.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert turns > 5
        feed.close()

    run(main())


def test_a_child_that_is_killed_costs_nothing_but_time() -> None:
    """Another one makes what is missing, once and in order, and what happened is told in a line."""
    spec = traffic_spec(steady(40))

    async def main() -> None:
        feed = ProcessFeed(spec)
        blocks = [block for _ in range(2) if (block := await feed.take()) is not None]
        os.kill(feed.pid, signal.SIGKILL)
        blocks += await rest(feed)
        assert [content(block) for block in blocks] == [content(block) for block in spec.build()]
        if feed.losses:  # else it had made all of it
            (loss,) = feed.losses
            assert "the process that makes the traffic was killed (SIGKILL) after" in loss
        feed.close()

    run(main())


def killing_itself(by: signal.Signals, pipe: Connection, blocks: Blocks) -> None:
    """Stand in for a child that does not get far."""
    os.kill(os.getpid(), by)


def test_children_that_are_all_killed_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone does not want them: what was made before still comes, then the error, each time."""
    monkeypatch.setattr(process_feed, "make_blocks", partial(killing_itself, signal.SIGKILL))

    async def main() -> None:
        feed = ProcessFeed(traffic_spec(steady(300)))
        for _ in range(2):
            with pytest.raises(MachineError, match=r"was killed \(SIGKILL\), 4 times: see what kills it"):
                await rest(feed)
        assert len(feed.losses) == process_feed.MOST_LOSSES
        feed.close()

    run(main())


def test_a_child_that_crashes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one would end as this one did."""
    monkeypatch.setattr(process_feed, "make_blocks", partial(killing_itself, signal.SIGABRT))

    async def main() -> None:
        feed = ProcessFeed(traffic_spec(steady(300)))
        for _ in range(2):
            with pytest.raises(InternalError, match=r"the process that makes the traffic crashed \(SIGABRT\)"):
                await rest(feed)
        assert feed.losses == ()
        feed.close()

    run(main())


def test_a_child_ignores_an_interrupt() -> None:
    """Ctrl-C is for the run, which drains first."""

    async def main() -> None:
        spec = traffic_spec(steady(15))
        feed = ProcessFeed(spec)
        first = await feed.take()
        assert first is not None
        os.kill(feed.pid, signal.SIGINT)
        blocks = [first, *await rest(feed)]
        assert sum(map(len, blocks)) == sum(len(block) for block in spec.build())
        feed.close()

    run(main())


def test_a_child_waits_when_nobody_takes() -> None:
    """Of a long run only some blocks are made ahead: memory is bounded here and there."""

    async def main() -> None:
        feed = ProcessFeed(traffic_spec(steady(2_000)))
        assert await feed.take() is not None
        before = -1.0
        while (used := cpu_seconds(feed.pid)) != before:
            before = used
            await asyncio.sleep(0.2)
        assert feed.ahead <= 8
        feed.close()

    run(main())


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used."""
    import psutil

    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def test_closing_ends_the_child() -> None:
    """No process is left behind."""

    async def main() -> None:
        feed = ProcessFeed(traffic_spec(steady(300)))
        assert await feed.take() is not None
        feed.close()
        with pytest.raises(ProcessLookupError):
            os.kill(feed.pid, 0)

    run(main())


def test_a_block_survives_the_pipe() -> None:
    """Pickled, it is the same block, with or without a schedule and categories."""
    block = next(iter(SPEC.build()))
    assert content(pickle.loads(pickle.dumps(block))) == content(block)
    bare = Block(
        first=0,
        due_ns=None,
        raws=[b"{}", b"[]"],
        event_us=np.array([1, 2]),
        fraud=np.zeros(2, dtype=np.uint8),
        pattern=np.zeros(2, dtype=np.uint8),
        merchants=["a", "b"],
        categories=["x", None],
    )
    again = pickle.loads(pickle.dumps(bare))
    assert (again.due_ns, list(again.categories), again.raws) == (None, ["x", None], [b"{}", b"[]"])
