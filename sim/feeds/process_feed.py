"""A feed that makes its blocks ahead of time in another process, so that the event loop never waits for them."""

import asyncio
import atexit
import os
import threading
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection
from queue import SimpleQueue

from actors.core.child_process import Child
from actors.core.errors import InputError, InternalError, MachineError
from actors.core.process_failures import how_ended, was_killed
from sim.feeds.feed import Block, Blocks

MOST_LOSSES = 3  # children that may be killed; more of them means that someone does not want one
_AHEAD = 8  # blocks kept here beside what is in the pipe: 16,000 transactions, 2 s of a burst


class ProcessFeed:
    """Makes traffic in a child process; a thread reads it into a short queue.

    The queue and the pipe are bounded, and the child waits when both are full. A child that fails or dies ends the feed
    with an error. One that is killed from outside is replaced, a few times, by another that makes the same blocks; what
    was taken already is passed over.

    Args:
        blocks: the traffic.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._child: Child | None = None
        self._losses: list[str] = []
        self._ready: deque[Block] = deque()
        # A token for each block that may be kept. An interrupt cannot leave it locked, as it can a semaphore.
        self._space: SimpleQueue[None] = SimpleQueue()
        for _ in range(_AHEAD):
            self._space.put(None)
        self._ended = False
        self._failure: Exception | None = None
        self._closed = False
        self._changing = threading.Lock()  # the child, or whether one is wanted
        self._waking = threading.Lock()
        self._waiter: asyncio.Future[None] | None = None
        self._reader = threading.Thread(target=self._read, name="feed", daemon=True)
        atexit.register(self.close)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id of the child; 0 before it is started."""
        return 0 if self._child is None else self._child.pid

    @property
    def losses(self) -> tuple[str, ...]:
        """What happened to children, a line each: one that was killed is replaced."""
        return tuple(self._losses)

    @property
    def ahead(self) -> int:
        """Blocks that are here already."""
        return len(self._ready)

    async def take(self) -> Block | None:
        """Return the next block, None after the last one and after `close`; waits without blocking the loop.

        Raises:
            InternalError: the child failed or died; the text has the cause.
            MachineError: it was killed, again and again.
        """
        while (waiter := self._waiter_if_empty()) is not None:
            await waiter
        if self._closed:
            return None
        if self._ready:
            block = self._ready.popleft()
            self._space.put(None)
            return block
        if self._failure is not None:
            raise self._failure
        return None

    def close(self) -> None:
        """End the child and the thread; a waiting `take` returns None."""
        with self._changing:
            self._closed = True
            if self._child is not None:
                self._child.kill()  # it holds nothing that needs care
        self._space.put(None)
        self._reader.join()
        atexit.unregister(self.close)

    def _waiter_if_empty(self) -> asyncio.Future[None] | None:
        with self._waking:
            if self._ready or self._ended or self._closed:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            return self._waiter

    def _read(self) -> None:
        """Collect blocks until the last one; runs in the thread, where no signal cuts the start of a child short."""
        self._space.get()
        try:
            for block in self._made():
                self._ready.append(block)
                self._wake()
                self._space.get()
        except Exception as error:  # noqa: BLE001 - whatever it is, `take` has to raise it, or the run waits for ever
            self._failure = error
        self._ended = True
        self._wake()

    def _made(self) -> Iterator[Block]:
        """Yield the blocks, once and in order, whoever makes them.

        Raises:
            InternalError: they cannot be made, or a child died by itself, as any other would.
            MachineError: children were killed, one after the other.
        """
        taken = 0
        while (child := self._start()) is not None:
            try:
                for number, block in enumerate(iter(child.receive, None)):
                    if self._closed:
                        return
                    if number == taken:
                        taken += 1
                        yield block
            except EOFError:
                if self._closed:
                    return
                self._note_loss(child.close(), taken)
            except (InputError, InternalError) as error:
                raise InternalError(f"the traffic could not be made: {error}") from error
            else:
                return
            finally:
                child.kill()
                child.close()

    def _start(self) -> Child | None:
        """Start a child; return None where none is wanted any more."""
        with self._changing:
            if self._closed:
                return None
            self._child = Child(make_blocks, self._blocks)
            return self._child

    def _note_loss(self, status: int | None, taken: int) -> None:
        """Note that a child is gone, if another may take its place.

        Raises:
            InternalError: it died by itself, as any other would.
            MachineError: it was killed, and so were others before it.
        """
        told = f"the process that makes the traffic {how_ended(status)}"
        if not was_killed(status):
            raise InternalError(told)
        if len(self._losses) >= MOST_LOSSES:
            raise MachineError(f"{told}, {MOST_LOSSES + 1} times: see what kills it, and run again")
        self._losses.append(f"{told} after {taken:,} blocks, and was started again: nothing is lost but time")

    def _wake(self) -> None:
        with self._waking:
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.get_loop().call_soon_threadsafe(_resolve, waiter)


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def make_blocks(pipe: Connection, blocks: Blocks) -> None:
    """Send all ``blocks``, as fast as they are taken; runs in the child."""
    os.setsid()  # who tells the run's whole process group to end, as `timeout` does, wants the run to drain first
    for block in blocks.build():
        pipe.send(block)
