"""A feed that makes its blocks ahead of time in another process, so that the event loop never waits for them."""

import asyncio
import threading
from collections import deque

from sim.world.block import Block, unpack
from sim.world.feed import Blocks
from sim.world.traffic_process import TrafficProcess

_AHEAD = 8  # blocks kept here beside those in the pipe: 16,000 transactions, 2 s of a burst


class ProcessFeed:
    """Makes traffic in a child process; a thread reads it into a short queue.

    The queue and the pipe are bounded, and the child waits when both are full. On the event loop a block costs about
    0.2 ms, for cutting it into transactions. A child that fails or dies ends the feed with an error, one that is killed
    is replaced.

    Args:
        blocks: the traffic.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._process = TrafficProcess(blocks)
        self._ready: deque[bytes] = deque()
        self._space = threading.Semaphore(_AHEAD)
        self._ended = False
        self._failure: Exception | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._waiter: asyncio.Future[None] | None = None
        self._reader = threading.Thread(target=self._read, name="feed", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    @property
    def losses(self) -> tuple[str, ...]:
        """What happened to children, a line each: one that was killed is replaced."""
        return tuple(self._process.losses)

    @property
    def ahead(self) -> int:
        """Blocks that are here already."""
        return len(self._ready)

    async def take(self) -> Block | None:
        """Return the next block, None after the last one and after `close`; waits without blocking the loop.

        Raises:
            InternalError: the child failed or died; the text has its last words.
            MachineError: it was killed, again and again.
        """
        while (waiter := self._waiter_if_empty()) is not None:
            await waiter
        if self._closed:
            return None
        if self._ready:
            data = self._ready.popleft()
            self._space.release()
            return unpack(data)
        if self._failure is not None:
            raise self._failure
        return None

    def close(self) -> None:
        """End the child and the thread; a waiting `take` returns None."""
        if self._closed:
            return
        self._closed = True
        self._process.kill()
        self._space.release()
        self._reader.join()
        self._process.close()

    def _waiter_if_empty(self) -> asyncio.Future[None] | None:
        with self._lock:
            if self._ready or self._ended or self._closed:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            return self._waiter

    def _read(self) -> None:
        """Collect blocks until the last one; runs in the thread."""
        try:
            self._process.send()
            self._space.acquire()
            while self._collect():
                self._space.acquire()
        except Exception as error:  # noqa: BLE001 - whatever it is, `take` has to raise it, or the run waits for ever
            self._failure = error
        self._ended = True
        self._wake()

    def _collect(self) -> bool:
        """Take in one block; return whether another may follow."""
        data = self._process.read()
        if data is None or self._closed:
            return False
        self._ready.append(data)
        self._wake()
        return True

    def _wake(self) -> None:
        with self._lock:
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.get_loop().call_soon_threadsafe(_resolve, waiter)


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
