"""A feed that makes its blocks ahead of time in another process, so that the event loop never waits for them."""

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from typing import IO, BinaryIO, cast

from actors.errors import InternalError
from sim.world.block import Block, unpack
from sim.world.feed import Blocks
from sim.world.frames import END, ERROR, read_frame

_AHEAD = 8  # blocks kept here beside those in the pipe: 16,000 transactions, 2 s of a burst
_PIPE_BYTES = 1 << 20  # two blocks, so that the reading thread wakes once a block and not nine times
_LAST_WORDS = 2_000  # characters of what a dying child printed


class ProcessFeed:
    """Makes traffic in a child process; a thread reads it into a short queue.

    The queue and the pipe are bounded, and the child waits when both are full. On the event loop a block costs about
    0.2 ms, for cutting it into transactions. A child that fails or dies ends the feed with an error.

    Args:
        blocks: the traffic.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._child = _spawn(self._errors, blocks.generator)
        self._ready: deque[bytes] = deque()
        self._space = threading.Semaphore(_AHEAD)
        self._ended = False
        self._failure: str | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._waiter: asyncio.Future[None] | None = None
        source = blocks.encode()
        self._reader = threading.Thread(target=self._read, args=(source,), name="feed", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._child.pid

    @property
    def ahead(self) -> int:
        """Blocks that are here already."""
        return len(self._ready)

    async def take(self) -> Block | None:
        """Return the next block, None after the last one and after `close`; waits without blocking the loop.

        Raises:
            InternalError: the child failed or died; the text has its last words.
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
            raise InternalError(self._failure)
        return None

    def close(self) -> None:
        """End the child and the thread; a waiting `take` returns None."""
        if self._closed:
            return
        self._closed = True
        self._child.kill()  # it holds nothing that needs care
        self._space.release()
        self._reader.join()
        self._child.wait()
        self._pipe(self._child.stdout).close()
        self._errors.close()

    def _waiter_if_empty(self) -> asyncio.Future[None] | None:
        with self._lock:
            if self._ready or self._ended or self._closed:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            return self._waiter

    def _read(self, source: bytes) -> None:
        """Collect frames until the last one; runs in the thread."""
        try:
            with self._pipe(self._child.stdin) as pipe:
                pipe.write(source)
            self._space.acquire()
            while self._collect():
                self._space.acquire()
        except (OSError, EOFError):
            self._failure = self._obituary()
        self._ended = True
        self._wake()

    def _collect(self) -> bool:
        """Take in one frame; return whether another will follow."""
        kind, body = read_frame(self._pipe(self._child.stdout))
        if kind == ERROR:
            self._failure = f"the traffic could not be made: {body.decode()}"
        if kind in {END, ERROR} or self._closed:
            return False
        self._ready.append(body)
        self._wake()
        return True

    def _wake(self) -> None:
        with self._lock:
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.get_loop().call_soon_threadsafe(_resolve, waiter)

    def _obituary(self) -> str:
        status = self._child.wait()
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace")[-_LAST_WORDS:].strip()
        return f"the process that makes the traffic died with status {status}{': ' if words else ''}{words}"

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> BinaryIO:
        return cast("BinaryIO", pipe)  # Popen was asked for both


def _spawn(errors: IO[bytes], generator: str) -> subprocess.Popen[bytes]:
    """Start the generator away from the terminal's process group, so that Ctrl-C does not reach it."""
    paths = [path for path in sys.path if path]
    return subprocess.Popen(
        [sys.executable, "-m", generator],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
        pipesize=_PIPE_BYTES,
    )


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
