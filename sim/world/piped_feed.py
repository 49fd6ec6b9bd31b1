"""A feed that takes its blocks from another process and stops everything until the next one is there."""

from actors.errors import InternalError
from sim.world.block import Block, unpack
from sim.world.feed import Blocks
from sim.world.traffic_process import TrafficProcess


class PipedFeed:
    """Makes traffic in a child process, ahead of time, for a loop whose time stands still while it is waited for.

    No thread calls into the loop, and when a block was made makes no difference to the run. The pipe is bounded: the
    child waits when two blocks are in it. A child that fails or dies ends the feed with an error.

    Args:
        blocks: the traffic.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._process = TrafficProcess(blocks)
        self._failure: str | None = None
        self._ended = self._closed = False
        try:
            self._process.send()
        except InternalError as error:
            self._failure = str(error)

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    async def take(self) -> Block | None:
        """Return the next block, None after the last one and after `close`; the loop waits for it.

        Raises:
            InternalError: the child failed or died; the text has its last words.
        """
        if self._closed or self._ended:
            return None
        if self._failure is not None:
            raise InternalError(self._failure)
        try:
            data = self._process.read()
        except InternalError as error:
            self._failure = str(error)
            raise
        self._ended = data is None
        return None if data is None else unpack(data)

    def close(self) -> None:
        """End the child."""
        if not self._closed:
            self._closed = True
            self._process.close()
