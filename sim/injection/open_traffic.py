"""Traffic that stays open: it is handed out and counted in short slices, so that a change takes effect at once.

What is due may not depend on how far the pipeline has come, and blocks are made ahead of time. So a change begins at an
instant up to which nobody has looked yet, neither who sends transactions nor who counts those that are due; both then
find the same ones changed, whenever they come to them.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from actors.core.arrays import I64
from actors.core.clock import NS_PER_MS
from sim.feeds.feed import Block, Feed
from sim.injection.injector import Injector

SLICE_NS = 100 * NS_PER_MS  # how late a change of the traffic may come; a slice costs about 0.1 ms of computing


class OpenTraffic:
    """The two sides of one run's traffic.

    Attributes:
        looked_ns: up to which instant, from the start of the run, someone has looked; -1 before.
    """

    def __init__(self) -> None:
        self.looked_ns = -1
        self._coming: deque[Injector] = deque()
        self._feed: Feed | None = None
        self._due: Iterator[I64] = iter(())
        self._given = 0
        self._counted = 0

    def put_around(self, injector: Injector) -> None:
        """Put a fault around both sides; it may change nothing that was looked at already."""
        self._coming.append(injector)
        self._due = injector.reschedule(self._due, self._counted)

    # ------------------------------------------------------------------ who sends

    def sliced(self, feed: Feed) -> Feed:
        """Return ``feed`` in slices; faults stand between it and `opened`."""
        return _SlicedFeed(feed, self)

    def opened(self, feed: Feed) -> Feed:
        """Return ``feed``, around which faults can be put."""
        self._feed = feed
        return self

    async def take(self) -> Block | None:
        """Return the next slice."""
        while self._coming:
            injector = self._coming.popleft()
            self._feed = injector.around_feed(self._behind())
            injector.goes_on(self._given)
        block = await self._behind().take()
        self._given += 0 if block is None else len(block)
        return block

    def close(self) -> None:
        """Close the feed."""
        self._behind().close()

    def _behind(self) -> Feed:
        if self._feed is None:
            raise AssertionError("the feed is opened before it is taken from")
        return self._feed

    # ------------------------------------------------------------------ who counts

    def slices(self, batches: Iterator[I64]) -> Iterator[I64]:
        """Yield intended arrivals in slices, no sooner than they are asked for."""
        for due_ns in batches:
            start = 0
            while start < len(due_ns):
                stop = end_of_slice(due_ns, start)
                self.look(int(due_ns[stop - 1]))
                yield due_ns[start:stop]
                start = stop

    def counted(self, batches: Iterator[I64]) -> Iterator[I64]:
        """Yield intended arrivals, which faults can be put around while they are."""
        self._due, self._counted = batches, 0
        while (due_ns := next(self._due, None)) is not None:
            self._counted += len(due_ns)
            yield due_ns

    def look(self, until_ns: int) -> None:
        """Take that someone has looked at what is due up to ``until_ns``."""
        self.looked_ns = max(self.looked_ns, until_ns)


def end_of_slice(due_ns: I64, start: int) -> int:
    """Return where the slice ends that begins at ``start``: it has at least one transaction."""
    return max(start + 1, int(np.searchsorted(due_ns, due_ns[start] + SLICE_NS)))


class _SlicedFeed:
    def __init__(self, feed: Feed, traffic: OpenTraffic) -> None:
        self._feed = feed
        self._traffic = traffic
        self._block: Block | None = None
        self._start = 0

    async def take(self) -> Block | None:
        block = self._block or await self._feed.take()
        if block is None or block.due_ns is None or not len(block):
            return block
        start, stop = self._start, end_of_slice(block.due_ns, self._start)
        self._traffic.look(int(block.due_ns[stop - 1]))
        self._block, self._start = (block, stop) if stop < len(block) else (None, 0)
        return block if (start, stop) == (0, len(block)) else _cut(block, start, stop)

    def close(self) -> None:
        self._feed.close()


def _cut(block: Block, start: int, stop: int) -> Block:
    return replace(
        block,
        first=block.first + start,
        due_ns=None if block.due_ns is None else block.due_ns[start:stop],
        raws=block.raws[start:stop],
        event_us=block.event_us[start:stop],
        fraud=block.fraud[start:stop],
        pattern=block.pattern[start:stop],
        merchants=block.merchants[start:stop],
        categories=block.categories[start:stop],
    )
