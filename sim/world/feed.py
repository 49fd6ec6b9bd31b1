"""A feed hands blocks of traffic to the run that sends them.

Two adapters, the same blocks: `InlineFeed` makes each block when it is asked for, as on the virtual clock, where that
takes no time; `sim.world.process_feed.ProcessFeed` makes them ahead of time in another process, for the real one.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from actors.errors import InternalError
from sim.world.block import Block


class Blocks(Protocol):
    """Traffic to be made, here or in another process: a synthetic run's or a file's."""

    @property
    def generator(self) -> str:
        """The module that makes it in a process of its own, out of `encode`."""
        ...

    def encode(self) -> bytes:
        """Return all that the other process needs."""
        ...

    def build(self) -> Iterable[Block]:
        """Return the blocks, made as they are taken."""
        ...


class Feed(Protocol):
    """Where a run's traffic comes from. It belongs to one event loop and is used by one task."""

    async def take(self) -> Block | None:
        """Return the next block in order, None after the last one and after `close`.

        Raises:
            RiskdrillError: the traffic could not be made; the text has the cause. Each later call raises it again.
        """
        ...

    def close(self) -> None:
        """Stop making traffic and free what it needs; at any time, any number of times. It never raises."""
        ...


class InlineFeed:
    """Makes each block when it is asked for: a few ms of computing, no other thread, no other process.

    Args:
        blocks: the traffic.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = _made(blocks)
        self._failure: Exception | None = None
        self._closed = False

    async def take(self) -> Block | None:
        """Return the next block, None after the last one and after `close`.

        Raises:
            InternalError: the traffic could not be made; the text has the cause.
        """
        if self._closed:
            return None
        block = None
        try:
            block = next(self._blocks, None)
        except Exception as error:  # noqa: BLE001 - as from a child: whatever it is, there is no traffic
            self._failure = error
        if self._failure is not None:
            raise InternalError(f"the traffic could not be made: {self._failure!r}") from self._failure
        return block

    def close(self) -> None:
        """Hand out nothing more."""
        self._closed = True


def _made(blocks: Blocks) -> Iterator[Block]:
    yield from blocks.build()  # built when the first block is asked for, so that an error comes from `take`
