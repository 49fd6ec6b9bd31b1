"""A feed that takes its blocks from another process and stops everything until the next one is there."""

from actors.errors import RiskdrillError
from sim.world.block import Block, unpack
from sim.world.feed import Blocks, InlineFeed
from sim.world.traffic_process import TrafficProcess

HERE = 3  # blocks; the child needs half a second to its first one, in which two are used up


class PipedFeed:
    """Makes traffic in a child process, ahead of time, for a loop whose time stands still while it is waited for.

    No thread calls into the loop, and where and when a block was made makes no difference to the run. The first few are
    made here, while the child starts; it makes them too. The pipe is bounded: the child waits when two blocks are in
    it. A child that fails or dies ends the feed with an error, one that is killed is replaced.

    Args:
        blocks: the traffic.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._process = TrafficProcess(blocks)
        self._failure: RiskdrillError | None = None
        self._ended = self._closed = False
        self._here: InlineFeed | None = InlineFeed(blocks)
        self._taken = 0
        try:
            self._process.send()
        except RiskdrillError as error:
            self._failure = error

    @property
    def losses(self) -> tuple[str, ...]:
        """What happened to children, a line each: one that was killed is replaced."""
        return tuple(self._process.losses)

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    async def take(self) -> Block | None:
        """Return the next block, None after the last one and after `close`; the loop waits for it.

        Raises:
            InternalError: the child failed or died; the text has its last words.
            MachineError: it was killed, again and again.
        """
        if self._closed or self._ended:
            return None
        if self._failure is not None:
            raise self._failure
        try:
            block = await self._next()
        except RiskdrillError as error:
            self._failure = error
            raise
        self._ended = block is None
        return block

    def close(self) -> None:
        """End the child."""
        if not self._closed:
            self._closed = True
            self._process.close()

    async def _next(self) -> Block | None:
        if self._here is not None and self._taken < HERE:
            self._taken += 1
            return await self._here.take()
        if self._here is not None:
            self._here = None  # and the world that it holds
            for _ in range(self._taken):
                self._process.read()
        data = self._process.read()
        return None if data is None else unpack(data)
