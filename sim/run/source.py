"""The feed's blocks as the producer's source: numbered, and their truth booked before anyone can decide on them."""

from actors.clock import WatermarkEventTime
from actors.producer import Arrivals
from sim.run.labels import DelayedLabels
from sim.run.outcomes import OutcomeBook
from sim.run.schedule import Schedule
from sim.world.block import Block
from sim.world.feed import Feed


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
        book: OutcomeBook,
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
