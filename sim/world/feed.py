"""A feed hands blocks of traffic to the run that sends them.

Two adapters, the same blocks: `InlineFeed` makes each block when it is asked for, as the virtual clock needs;
`sim.world.process_feed.ProcessFeed` makes them ahead of time in another process, as the real clock needs.
"""

from typing import Protocol

from sim.world.block import Block
from sim.world.traffic import TrafficSpec


class Feed(Protocol):
    """Where a run's traffic comes from. It belongs to one event loop and is used by one task."""

    async def take(self) -> Block | None:
        """Return the next block in order, None after the last one and after `close`.

        Raises:
            InternalError: the traffic could not be made; the text has the cause. It is raised again by each later call.
        """
        ...

    def close(self) -> None:
        """Stop making traffic and free what it needs; at any time, any number of times. It never raises."""
        ...


class InlineFeed:
    """Makes each block when it is asked for: a few ms of computing, no other thread, no other process.

    Args:
        spec: the traffic.
    """

    def __init__(self, spec: TrafficSpec) -> None:
        self._blocks = iter(spec.build())
        self._closed = False

    async def take(self) -> Block | None:
        """Return the next block, None after the last one and after `close`."""
        return None if self._closed else next(self._blocks, None)

    def close(self) -> None:
        """Hand out nothing more."""
        self._closed = True
