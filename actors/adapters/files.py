"""Files that decisions and dead letters are appended to, one JSON document a line."""

import os
from collections.abc import Callable, Sequence
from io import BufferedReader
from pathlib import Path

import msgspec

from actors.core.awaiting import Completed
from actors.core.batches import DeadLetter
from actors.core.errors import OutputError, SinkError
from actors.output.sinks import LineSink


class AppendOnlyFile:
    """A file that only grows, by whole lines.

    What was appended is in the operating system's hands when `append` returns; it survives a crash of this process,
    not of the machine (no fsync: a drill's log is not a ledger of money). A line that could not be written whole, as
    on a full disk, is cut off again, so the file always ends with a whole line.

    It is opened once. Whatever someone else does to its name (moves it, removes it, puts a pipe there), lines go on to
    the file that was opened; and when someone empties it, they go on from its new end.

    Attributes:
        path: as it was opened; another file may be there by now.
        size: bytes appended so far.
        identity: device and inode, which tell it from another file in its place.

    Args:
        path: created anew.

    Raises:
        OutputError: it cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            self._fd = os.open(path, flags, 0o644)
        except OSError as error:
            text = f"{path}: cannot be written: {error.strerror}; choose another folder with --out"
            raise OutputError(text) from error
        about = os.fstat(self._fd)
        self.identity = about.st_dev, about.st_ino

    @property
    def present_size(self) -> int:
        """Bytes that are in it now: other than ``size`` where someone else has changed it."""
        return os.fstat(self._fd).st_size

    def append(self, lines: bytes) -> None:
        """Write ``lines``, which end with a newline.

        Raises:
            SinkError: not all of it could be written; nothing of it stays.
        """
        done = 0
        try:
            while done < len(lines):
                done += os.write(self._fd, memoryview(lines)[done:])
        except OSError as error:
            self._shorten(done)
            text = f"{self.path.name}: {error.strerror}"
            raise SinkError(text) from error
        self.size += done

    def reader(self) -> BufferedReader:
        """Return the file opened for reading from its begin, whatever has its name now; it is the caller's to close."""
        copy = os.dup(self._fd)
        os.lseek(copy, 0, os.SEEK_SET)  # shared with the writer, who appends wherever it stands
        return os.fdopen(copy, "rb")

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _shorten(self, count: int) -> None:
        """Take the last ``count`` bytes away, counted from the end: someone else may have emptied the file."""
        if count:
            os.ftruncate(self._fd, max(0, self.present_size - count))


class DeadLetterFile:
    """Dead letters in a file, at most ``limit`` of them; the rest is counted only.

    Attributes:
        file: the file.
        unkept_count: letters beyond the limit, which are not in it.

    Args:
        path: created anew.
        limit: most letters kept; a flood of rubbish must not fill the disk.
    """

    def __init__(self, path: Path, limit: int = 100_000) -> None:
        self.file = AppendOnlyFile(path)
        self._lines: LineSink = self.file
        self._left = limit
        self.unkept_count = 0

    def through(self, around: Callable[[LineSink], LineSink]) -> None:
        """Write through what ``around`` puts around the file from now on."""
        self._lines = around(self._lines)

    def put(self, letters: Sequence[DeadLetter]) -> Completed[None]:
        """Append ``letters``, at once; what is beyond the limit is counted in ``unkept_count``.

        Raises:
            SinkError: the file could not take them.
        """
        kept = letters[: self._left]
        if kept:
            self._lines.append(_lines_of(kept))
        self._left -= len(kept)
        self.unkept_count += len(letters) - len(kept)
        return Completed(None)

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _lines_of(letters: Sequence[DeadLetter]) -> bytes:
    """Return each of ``letters`` as a line of JSON."""
    return msgspec.json.Encoder().encode_lines(
        [
            {
                "number": letter.number,
                "reason": letter.reason,
                "detail": letter.detail,
                "raw": letter.raw.decode(errors="replace"),
                "at_ns": letter.at_ns,
            }
            for letter in letters
        ]
    )
