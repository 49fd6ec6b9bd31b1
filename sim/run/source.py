"""The feed as the producer's source: its truth is booked at once, and its labels let out after a delay."""

from typing import Protocol

import numpy as np

from actors.core.arrays import I64, U8, Column
from actors.core.clock import WatermarkEventTime
from actors.features.column_log import Allocate, ColumnLog
from actors.features.encoding import Interner
from actors.features.history import Labels
from actors.source import Arrivals
from sim.feeds.feed import Block, Feed
from sim.outcomes.money import UNKNOWN
from sim.run.plan import Schedule

_COLUMNS = {
    "event_us": np.int64,
    "number": np.int64,
    "merchant": np.int32,
    "category": np.int32,
    "fraud": np.uint8,
}
_AT_ONCE = 4_096  # labels that are handed over at a time: with their names it takes two milliseconds
_NO_NAME = ""  # of a merchant whose category is not known


class DelayedLabels:
    """A `LabelSource` that is told every block when it is sent, and its labels when they are due.

    25 bytes a label that waits, and each merchant's name once.

    Args:
        delay_us: event time from a transaction to its label.
        allocate: makes the arrays in which labels wait.
    """

    def __init__(self, delay_us: int, allocate: Allocate = np.empty) -> None:
        self._delay_us = delay_us
        self._merchants, self._categories = Interner(), Interner()
        self._names: list[str] = []  # of merchants, by code: a list of all of them takes longer than a step
        self._waiting = ColumnLog(_COLUMNS, allocate)

    def __len__(self) -> int:
        """Return how many labels wait."""
        return len(self._waiting)

    def book(self, first_number: int, block: Block) -> None:
        """Remember the labels of a block whose first transaction has ``first_number``; copies have none."""
        columns: dict[str, Column] = {
            "event_us": block.event_us,
            "number": np.arange(first_number, first_number + len(block.raws)),
            "merchant": self._merchants.of(block.merchants),
            "category": self._categories.of([name or _NO_NAME for name in block.categories]),
            "fraud": block.fraud,
        }
        known = np.flatnonzero(block.fraud != UNKNOWN)
        self._waiting.append(**{name: column[known] for name, column in columns.items()})

    def columns(self) -> list[Column]:
        """Return the columns of what waits, which nobody writes to any more."""
        return list(self._waiting.view().values())

    async def take_due(self, now_us: int) -> Labels | None:
        """Return labels that became known up to ``now_us`` and were not taken before, None if none is left."""
        due_us = now_us - self._delay_us
        waiting = self._waiting.view()
        count = min(int(np.searchsorted(waiting["event_us"], due_us, side="right")), _AT_ONCE)
        if count == 0:
            return None
        due = {name: column[:count].copy() for name, column in waiting.items()}
        self._waiting.drop(count)
        if len(self._names) < len(self._merchants):
            self._names = self._merchants.names
        merchants, categories = self._names, self._categories.names
        return Labels(
            due["number"],
            [merchants[code] for code in due["merchant"].tolist()],
            [categories[code] or None for code in due["category"].tolist()],
            due["event_us"],
            due["fraud"],
        )


class Truths(Protocol):
    """Takes the truth behind transactions, in the order in which they are sent."""

    @property
    def count(self) -> int:
        """How many it was told of."""
        ...

    def book(self, event_us: I64, truth: U8) -> None:
        """Take event times, int64 (n,), and what transactions are, uint8 (n,)."""
        ...


class FeedSource:
    """A `Source` over a feed.

    Args:
        feed: the blocks.
        schedule: counts what is due; None where there is no schedule.
        book: where truths are booked.
        labels: where they wait for their delay.
        watermark: follows the transactions, where event time does; None otherwise.
    """

    def __init__(
        self,
        feed: Feed,
        schedule: Schedule | None,
        book: Truths,
        labels: DelayedLabels,
        watermark: WatermarkEventTime | None = None,
    ) -> None:
        self._feed = feed
        self._schedule = schedule
        self._book = book
        self._labels = labels
        self._watermark = watermark
        self._primed: list[Block | None] = []

    async def prime(self) -> None:
        """Have the first block at hand, so that the run does not begin with waiting for it."""
        self._primed.append(await self._feed.take())

    async def take(self) -> Arrivals | None:
        """Return the next block's transactions."""
        block = self._primed.pop() if self._primed else await self._feed.take()
        if block is None:
            return None
        if self._watermark is not None:
            self._watermark.advance(int(block.event_us[0]))
        self._labels.book(self._book.count, block)
        self._book.book(block.event_us, block.fraud)
        return Arrivals(block.raws, block.due_ns)

    def due_count(self, elapsed_ns: int) -> int | None:
        """Return how many transactions are due."""
        return None if self._schedule is None else self._schedule.due_count(elapsed_ns)
