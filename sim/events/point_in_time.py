"""Replays at full speed whose features are those of the moment, whatever the speed."""

from collections.abc import Callable

from actors.clock import NS_PER_MS, Clock
from actors.features.refresh import Refresher, boundary
from sim.world.block import Block
from sim.world.feed import Feed

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
            self._refresher.refresh_to(boundary_us)
            self._boundary_us = boundary_us
        return block

    def close(self) -> None:
        """Close the feed behind it."""
        self._feed.close()
