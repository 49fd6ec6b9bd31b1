"""Standard streams that never end a run: what they are connected to may be closed, full or gone.

A stream that is closed at the start goes to the null device. When a reader leaves (`… | head -1`), what follows is
dropped, and the exit code is still that of the command. What a full device refuses is lost as well, but reported.

In a terminal, lines that are longer than it is wide are broken between words, whoever wrote them. In a pipe or a file
one line stays one; so does, everywhere, what is written as bytes: documents, and commands that are there to be copied.
"""

import io
import os
import re
import select
import sys
import textwrap
from typing import Any, Final, TextIO

from dashboard.ascii import PLAIN_SIGNS

_OUT, _ERR = 1, 2
_NARROWEST, _WIDEST = 20, 2_000  # columns; what is beyond is not the size of a window
_LOWEST, _HIGHEST = 5, 1_000
_GAP: Final = re.compile(r"\S {2,}(?=\S)")  # between columns
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")  # in what draws: colours, bars; it knows how wide the terminal is
_HANG: Final = 2  # columns that what goes on stands in from where its line began
_READABLE: Final = 30  # columns that are left for a column of text below itself
_USER: Final = re.compile(r"(\b[A-Za-z][\w+.-]*:/*)\S*(?:@|%40)")
_QUERY: Final = re.compile(r"(\b[A-Za-z][\w+.-]*:/+[^\s?#]*[?#])\S*[^\s:;,.]")


class LastingOutput(io.RawIOBase):
    """A descriptor to which writing never fails: once its other end takes no more, the rest is dropped.

    Attributes:
        problem: why something was lost; "" if nothing was, or only its reader has left.

    Args:
        fd: stays open.
    """

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd
        self._taken = True
        self.problem = ""

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - whatever has a buffer
        """Write all of ``data``, also where the other end is slow and does not block."""
        rest = memoryview(data).cast("B")
        count = len(rest)
        while self._taken and rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                select.select([], [self._fd], [])
            except (BrokenPipeError, ConnectionResetError):
                self._taken = False
            except OSError as error:
                self._taken = False
                self.problem = error.strerror or str(error)
        return count

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._fd

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return os.isatty(self._fd)


class WrappedText(io.TextIOWrapper):
    """Text for a terminal: each whole line is broken between words where it is longer than the terminal is wide."""

    def write(self, text: str, /) -> int:
        """Write ``text``; return how many characters it has."""
        if len(text) > _NARROWEST:
            width = _width(self.fileno())
            *whole, rest = text.split("\n")
            super().write("".join(f"{line}\n" for each in whole for line in wrapped(each, width)) + rest)
        else:
            super().write(text)
        return len(text)


def wrapped(line: str, width: int) -> list[str]:
    r"""Return ``line`` in lines of at most ``width`` columns, as far as its words allow.

    What goes on stands below the last column of the line, or a little further in than its beginning.

    Example:
        >>> print("\n".join(wrapped("steady     30s  An ordinary morning with nothing wrong at all", 50)))
        steady     30s  An ordinary morning with nothing
                        wrong at all
        >>> print("\n".join(wrapped("  refused: it has too few frauds to be trained on", 30)))
          refused: it has too few
            frauds to be trained on
    """
    if len(line) <= width or width < _NARROWEST or _CONTROL.search(line):
        return [line]
    column = max((gap.end() for gap in _GAP.finditer(line, 0, width)), default=width)
    if width - column < _READABLE:
        column = len(line) - len(line.lstrip()) + _HANG
    return textwrap.wrap(line, width, subsequent_indent=" " * column, break_long_words=False, break_on_hyphens=False)


def _width(fd: int) -> int:
    """Return how many columns there are, 0 where that is not known. ``COLUMNS`` beats the terminal, as everywhere."""
    if given := os.environ.get("COLUMNS", ""):
        return int(given)
    try:
        return os.get_terminal_size(fd).columns
    except OSError:
        return 0


class StandardStreams:
    """Standard output and error of this process, made lasting: `sys.stdout` and `sys.stderr` from now on.

    Descriptors 0 to 2 that are closed are opened on the null device first, so that no file of a run gets their number.
    """

    def __init__(self) -> None:
        _open_closed()
        self._out, self._err = LastingOutput(_OUT), LastingOutput(_ERR)
        sys.stdout = _text(self._out, sys.stdout)
        sys.stderr = _text(self._err, sys.stderr)

    def finish(self, exit_code: int, when_lost: int) -> int:
        """Write what is left; return ``exit_code``, or ``when_lost`` instead of 0 if output was lost, and say so."""
        sys.stdout.flush()
        if self._out.problem:
            sys.stderr.write(f"standard output: {self._out.problem}: not all was written; send it elsewhere\n")
        sys.stderr.flush()
        return when_lost if self._out.problem and exit_code == 0 else exit_code


def _text(raw: LastingOutput, before: TextIO | None) -> TextIO:
    """Return text on top of ``raw``, in the encoding of the stream it takes the place of."""
    encoding = "utf-8" if before is None else before.encoding
    if before is not None:
        before.flush()
    kind = WrappedText if raw.isatty() else io.TextIOWrapper
    return kind(io.BufferedWriter(raw), encoding=encoding, errors=PLAIN_SIGNS, line_buffering=True)


def _open_closed() -> None:
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free is the one that is given


def forget_senseless_sizes() -> None:
    """Take ``COLUMNS`` and ``LINES`` out of the environment where they cannot be a window's: its own size counts then.

    Some services set them to 0, and whoever draws would believe it.
    """
    for name, least, most in (("COLUMNS", _NARROWEST, _WIDEST), ("LINES", _LOWEST, _HIGHEST)):
        given = os.environ.get(name, "")
        if not (given.isascii() and given.isdigit() and least <= int(given) <= most):
            os.environ.pop(name, None)


def without_secrets(text: str) -> str:
    """Return ``text`` without what addresses in it hold before ``@``, or behind ``?`` or ``#``: passwords are there.

    Example:
        >>> without_secrets("redis://me:pw@host:6379/1 and kafka://host:9092/x?sasl.password=pw: no")
        'redis://***@host:6379/1 and kafka://host:9092/x?***: no'
    """
    return _QUERY.sub(r"\1***", _USER.sub(r"\1***@", text))
