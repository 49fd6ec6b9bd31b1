"""The process that makes traffic ahead of time, as whoever takes it from the pipe sees it."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from typing import IO, BinaryIO, cast

from actors.child import how_ended, was_killed
from actors.errors import InternalError, MachineError
from sim.world.feed import Blocks
from sim.world.frames import END, ERROR, read_frame, write_all

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
        self._bury()
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
            self._bury()
            self._child = _spawn(self._errors, self._generator)
            if self._ending.is_set():
                self._child.kill()
        at = f"after {self._taken:,} blocks"
        self.losses.append(f"{self._obituary(status)} {at}, and was started again: nothing is lost but time")

    def _bury(self) -> None:
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
        [sys.executable, "-m", generator],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
        pipesize=_PIPE_BYTES,
    )
