"""A file as traffic: blocks of JSON transactions with their due times, as the synthetic world makes them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from actors.core.arrays import I64, U8
from actors.core.clock import NS_PER_MS, NS_PER_US, Clock
from actors.core.transaction import Columns, to_json
from actors.features.refresh import REFRESH_US, Refresher, boundary
from sim.feeds.feed import Block, Feed
from sim.replay.spec import EventsSpec

BLOCK_ROWS = 2_048  # as the synthetic world's: small enough to start at once, large enough to cost nothing each


@dataclass(frozen=True, slots=True)
class FileTraffic:
    """The replayed period of a file, as often as it is iterated over, here or in another process.

    No block crosses a refresh of the batch tier, so that a replay at any speed can bring the table up to date between
    two blocks.

    Attributes:
        spec: the file and the period.
        start_us: event time at the start of the run, from which due times count; `EventFile.contents` has it.
    """

    spec: EventsSpec
    start_us: int

    def build(self) -> Self:
        """Return the blocks, made as they are taken."""
        return self

    def __iter__(self) -> Iterator[Block]:
        """Yield up to `BLOCK_ROWS` transactions at a time, in file order.

        Raises:
            TransactionFileError: a row of the period breaks a rule.
        """
        from sim.replay.event_file import EventFile

        first = 0
        for columns, fraud in EventFile.open(self.spec).columns(self.spec.replay):
            lines = to_json(columns)
            for start, stop in pairwise(_cuts(columns.event_us)):
                yield self._block(first + start, columns, fraud, lines, slice(start, stop))
            first += len(columns)

    def _block(self, first: int, columns: Columns, fraud: U8, lines: list[bytes], part: slice) -> Block:
        event_us = columns.event_us[part]
        return Block(
            first=first,
            due_ns=self._due_ns(event_us),
            raws=lines[part],
            event_us=event_us,
            fraud=fraud[part],
            pattern=np.zeros(len(event_us), dtype=np.uint8),
            merchants=columns.merchants[part],
            categories=columns.category[part],
        )

    def _due_ns(self, event_us: I64) -> I64 | None:
        if self.spec.speed is None:
            return None
        return ((event_us - self.start_us) * (NS_PER_US / self.spec.speed)).astype(np.int64)


def _cuts(event_us: I64) -> list[int]:
    """Return where blocks begin and the last ends."""
    cuts = {*range(0, len(event_us), BLOCK_ROWS), len(event_us)}
    cuts.update((np.flatnonzero(np.diff(event_us // REFRESH_US)) + 1).tolist())
    return sorted(cuts)


LOOK_AGAIN_NS = NS_PER_MS  # some four waits a day of event time; a shorter one would only keep the loop busy


class PointInTimeFeed:
    """Holds a block back at each refresh of the batch tier until the table for it is there.

    At full speed the run's clock says nothing of event time, so no timer can refresh in time. Before the first block
    after a refresh instant this waits until everything earlier is in the history, then has the table of that instant
    built. A look-up that brought the table up to date itself would come too late: the transactions it shares a batch
    with, earlier than the instant, would not be in the history yet.

    Args:
        feed: blocks that cross no refresh, such as `FileTraffic` makes.
        refresher: of the store that the pipeline asks.
        start_us: event time for which the store has the table already.
        caught_up: tells whether the assembler has taken in all it was sent.
        clock: the run's.
    """

    def __init__(
        self, feed: Feed, refresher: Refresher, start_us: int, caught_up: Callable[[], bool], clock: Clock
    ) -> None:
        self._feed = feed
        self._refresher = refresher
        self._boundary_us = boundary(start_us)
        self._caught_up = caught_up
        self._clock = clock

    async def take(self) -> Block | None:
        """Return the next block, None at the end; called again only after everything of the last block was sent."""
        block = await self._feed.take()
        if block is None:
            return None
        boundary_us = boundary(int(block.event_us[0]))
        if boundary_us > self._boundary_us:
            while not self._caught_up():
                await self._clock.sleep_ns(LOOK_AGAIN_NS)
            await self._refresher.refresh_to(boundary_us)
            self._boundary_us = boundary_us
        return block

    def close(self) -> None:
        """Close the feed behind it."""
        self._feed.close()
