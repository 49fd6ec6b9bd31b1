"""Files that decisions and dead letters are appended to, one JSON document a line."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from actors.errors import OutputError, SinkError
from actors.line_sink import LineSink
from actors.messages import DeadLetter


class AppendOnlyFile:
    """A file that only grows, by whole lines.

    What was appended is in the operating system's hands when `append` returns; it survives a crash of this process,
    not of the machine (no fsync: a drill's log is not a ledger of money). A line that could not be written whole, as
    on a full disk, is cut off again, so the file always ends with a whole line.

    Args:
        path: created anew.

    Raises:
        OutputError: it cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        except OSError as error:
            text = f"{path}: cannot be written: {error.strerror}; choose another folder with --out"
            raise OutputError(text) from error

    def append(self, lines: bytes) -> None:
        """Write ``lines``, which end with a newline.

        Raises:
            SinkError: not all of it could be written; nothing of it stays.
        """
        done = 0
        try:
            while done < len(lines):
                done += os.pwrite(self._fd, memoryview(lines)[done:], self.size + done)
        except OSError as error:
            if done:
                os.ftruncate(self._fd, self.size)
            text = f"{self.path.name}: {error.strerror}"
            raise SinkError(text) from error
        self.size += done

    def cut(self, size: int) -> None:
        """Take back everything after the first ``size`` bytes.

        Raises:
            SinkError: the file cannot be cut.
        """
        try:
            os.ftruncate(self._fd, size)
        except OSError as error:
            text = f"{self.path.name}: {error.strerror}"
            raise SinkError(text) from error
        self.size = size

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class DeadLetterFile:
    """Dead letters in a file, at most ``limit`` of them; the rest is counted only.

    Args:
        path: created anew.
        limit: most letters kept; a flood of rubbish must not fill the disk.
    """

    def __init__(self, path: Path, limit: int = 100_000) -> None:
        self._file = AppendOnlyFile(path)
        self._lines: LineSink = self._file
        self._left = limit
        self.unkept_count = 0

    def through(self, around: Callable[[LineSink], LineSink]) -> None:
        """Write through what ``around`` puts around the file from now on."""
        self._lines = around(self._lines)

    def put(self, letters: Sequence[DeadLetter]) -> None:
        """Append ``letters``; what cannot be kept is counted in ``unkept_count``."""
        kept = letters[: self._left]
        self.unkept_count += len(letters) - len(kept)
        if not kept:
            return
        lines = msgspec.json.Encoder().encode_lines(
            [
                {
                    "number": letter.number,
                    "reason": letter.reason,
                    "detail": letter.detail,
                    "raw": letter.raw.decode(errors="replace"),
                    "at_ns": letter.at_ns,
                }
                for letter in kept
            ]
        )
        try:
            self._lines.append(lines)
        except SinkError:
            self.unkept_count += len(kept)
        else:
            self._left -= len(kept)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
