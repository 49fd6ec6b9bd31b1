"""A feed that makes its blocks ahead of time in another process, so that the event loop never waits for them."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from typing import IO, BinaryIO, cast

from actors.core.errors import InternalError, MachineError
from actors.core.process_failures import how_ended, was_killed
from sim.feeds.feed import Block, Blocks, unpack
from sim.feeds.frames import END, ERROR, read_frame, write_all

_PIPE_BYTES = 1 << 20  # two blocks, so that who reads wakes once a block and not nine times
MOST_LOSSES = 3  # children that may be killed; more of them means that someone does not want one
_LAST_WORDS = 2_000  # characters of what a dying child printed


class TrafficProcess:
    """A child that makes blocks until the pipe is full. It is told what to make by `send`, once, before the first read.

    One that is killed from outside is started again, a few times; it makes the same blocks, and those that were taken
    already are passed over. One thread reads, any thread may `kill`. Whoever made it calls `close` in the end.

    Attributes:
        losses: what happened to children, a line each.

    Args:
        blocks: the traffic.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._generator = blocks.generator
        self._ending = threading.Event()
        self._changing = threading.Lock()  # the child
        self._taken = 0
        self.losses: list[str] = []
        self._child = _spawn(self._errors, self._generator)
        self._source = blocks.encode()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._child.pid

    def send(self) -> None:
        """Tell the child what to make; blocks until it has started to read, unless that is short.

        Raises:
            InternalError: the child died; the text has its last words.
            MachineError: it was killed, again and again.
        """
        while not self._sent():
            self._replace()

    def read(self) -> bytes | None:
        """Return the next block, packed, None after the last one; blocks until it is there.

        Raises:
            InternalError: the child failed or died; the text has its last words.
            MachineError: it was killed, again and again.
        """
        while (frame := self._frame()) is None:
            self._replace()
            self.send()
            for _ in range(self._taken):
                if self._frame() is None:
                    break  # killed meanwhile, and found so again
        kind, body = frame
        if kind == ERROR:
            raise InternalError(f"the traffic could not be made: {body.decode()}")
        self._taken += 1
        return None if kind == END else body

    def kill(self) -> None:
        """End the child for good; it holds nothing that needs care. Whoever reads learns that it died."""
        with self._changing:
            self._ending.set()
            self._child.kill()

    def close(self) -> None:
        """End the child and wait until it is gone; nobody reads any more."""
        self.kill()
        self._reap()
        self._errors.close()

    def _sent(self) -> bool:
        """Tell the child; return False if it died before it had heard all."""
        try:
            with self._pipe(self._child.stdin) as pipe:
                write_all(pipe, self._source)
        except OSError:
            return False
        return True

    def _frame(self) -> tuple[bytes, bytes] | None:
        """Return what the child says next, None if it died."""
        try:
            return read_frame(self._pipe(self._child.stdout))
        except (OSError, EOFError):
            return None

    def _replace(self) -> None:
        """Start another child in place of one that is dead.

        Raises:
            InternalError: it died by itself, as any other would.
            MachineError: it was killed, and so were others before it.
        """
        status = self._child.wait()
        if self._ending.is_set() or not was_killed(status):
            raise InternalError(self._obituary(status))
        if len(self.losses) >= MOST_LOSSES:
            raise MachineError(f"{self._obituary(status)}, {MOST_LOSSES + 1} times: see what kills it, and run again")
        with self._changing:
            self._reap()
            self._child = _spawn(self._errors, self._generator)
            if self._ending.is_set():
                self._child.kill()
        at = f"after {self._taken:,} blocks"
        self.losses.append(f"{self._obituary(status)} {at}, and was started again: nothing is lost but time")

    def _reap(self) -> None:
        self._child.wait()
        self._pipe(self._child.stdout).close()
        with contextlib.suppress(OSError):  # what it was not told any more
            self._pipe(self._child.stdin).close()

    def _obituary(self, status: int) -> str:
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace")[-_LAST_WORDS:].strip()
        return f"the process that makes the traffic {how_ended(status)}{': ' if words else ''}{words}"

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> BinaryIO:
        return cast("BinaryIO", pipe)  # Popen was asked for both


def _spawn(errors: IO[bytes], generator: str) -> subprocess.Popen[bytes]:
    """Start the generator away from the terminal's process group, so that Ctrl-C does not reach it."""
    paths = [path for path in sys.path if path]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", generator],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
        pipesize=_PIPE_BYTES,
    )


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
