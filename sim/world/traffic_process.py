"""The process that makes traffic ahead of time, as whoever takes it from the pipe sees it."""

import os
import subprocess
import sys
import tempfile
from typing import IO, BinaryIO, cast

from actors.errors import InternalError
from sim.world.feed import Blocks
from sim.world.frames import END, ERROR, read_frame

_PIPE_BYTES = 1 << 20  # two blocks, so that who reads wakes once a block and not nine times
_LAST_WORDS = 2_000  # characters of what a dying child printed


class TrafficProcess:
    """A child that makes blocks until the pipe is full. It is told what to make by `send`, once, before the first read.

    One thread reads, any thread may `kill`. Whoever made it calls `close` in the end.

    Args:
        blocks: the traffic.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._child = _spawn(self._errors, blocks.generator)
        self._source = blocks.encode()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._child.pid

    def send(self) -> None:
        """Tell the child what to make; blocks until it has started to read, unless that is short.

        Raises:
            InternalError: the child died; the text has its last words.
        """
        try:
            with self._pipe(self._child.stdin) as pipe:
                pipe.write(self._source)
        except OSError as error:
            raise InternalError(self._obituary()) from error

    def read(self) -> bytes | None:
        """Return the next block, packed, None after the last one; blocks until it is there.

        Raises:
            InternalError: the child failed or died; the text has its last words.
        """
        try:
            kind, body = read_frame(self._pipe(self._child.stdout))
        except (OSError, EOFError) as error:
            raise InternalError(self._obituary()) from error
        if kind == ERROR:
            raise InternalError(f"the traffic could not be made: {body.decode()}")
        return None if kind == END else body

    def kill(self) -> None:
        """End the child; it holds nothing that needs care. Whoever reads learns that it died."""
        self._child.kill()

    def close(self) -> None:
        """End the child and wait until it is gone; nobody reads any more."""
        self.kill()
        self._child.wait()
        self._pipe(self._child.stdout).close()
        self._errors.close()

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
