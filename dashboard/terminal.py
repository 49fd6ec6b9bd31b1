"""The terminal while the screen owns it, and how it is always given back.

Taking it means: alternate screen, cursor hidden, no line wrap, keys at once and unechoed. Ctrl-Z and Ctrl-S do nothing
meanwhile: a suspended run measures nothing, and a halted terminal would look like a stalled pipeline.
"""

import os
import select
import signal
import sys
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from dashboard.ascii import PLAIN_SIGNS

if sys.platform != "win32":
    import termios

ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J\x1b[H"
LEAVE: Final = "\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"

Modes = list[int | list[bytes | int]]


def usable(keys_fd: int = 0, out_fd: int = 1) -> bool:
    """Return whether a live screen can be shown: a terminal that understands it, with this run in its foreground."""
    if sys.platform == "win32" or not os.isatty(out_fd) or os.environ.get("TERM", "dumb") == "dumb":
        return False
    with suppress(OSError):
        return os.tcgetpgrp(out_fd) == os.getpgrp()
    return os.isatty(keys_fd)


def modes(keys_fd: int) -> Modes | None:
    """Return the terminal's modes, None where it is none."""
    try:
        return termios.tcgetattr(keys_fd)
    except (termios.error, OSError):
        return None


def give_back(out_fd: int, keys_fd: int, saved: Modes | None) -> None:
    """Leave the alternate screen and set the saved modes again; never raises, harmless when done twice."""
    with suppress(OSError):
        write_all(out_fd, LEAVE.encode())
    if saved is not None:
        with suppress(termios.error, OSError):
            termios.tcsetattr(keys_fd, termios.TCSANOW, saved)


def write_all(fd: int, data: bytes, patience_s: float = 2.0) -> None:
    """Write everything, also where another process made the terminal non-blocking.

    Raises:
        OSError: the terminal is gone, or takes nothing for ``patience_s``.
    """
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:
            if not select.select([], [fd], [], patience_s)[1]:
                raise


class Terminal:
    """Owns the terminal as a context: entering takes it, leaving gives it back whatever happened inside.

    Args:
        out_fd: where the picture goes.
        keys_fd: where keys come from; no keys when it is not a terminal.
    """

    def __init__(self, out_fd: int = 1, keys_fd: int = 0) -> None:
        self.out_fd = out_fd
        self.keys_fd = keys_fd
        self.has_keys = False
        self._encoding = "utf-8" if sys.stdout is None else sys.stdout.encoding
        self._saved: Modes | None = None
        self._taken: Modes | None = None

    def __enter__(self) -> Self:
        """Take the terminal."""
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # so that it can be given back from the background too
        self._saved = modes(self.keys_fd) if os.isatty(self.keys_fd) else None
        if self._saved is not None:
            termios.tcsetattr(self.keys_fd, termios.TCSANOW, _keys_at_once(self._saved))
            self._taken = modes(self.keys_fd)
            self.has_keys = True
        write_all(self.out_fd, ENTER.encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back; the modes only if they are still ours, since a shell may have set its own by now."""
        ours = self._taken is not None and modes(self.keys_fd) == self._taken
        give_back(self.out_fd, self.keys_fd, self._saved if ours else None)

    def read_keys(self) -> bytes:
        """Return what waits of the keys, b"" at the end of input."""
        try:
            return os.read(self.keys_fd, 1_024)
        except OSError:
            return b""

    def write(self, text: str) -> None:
        """Write to the screen."""
        write_all(self.out_fd, text.encode(self._encoding, errors=PLAIN_SIGNS))

    def size(self) -> tuple[int, int]:
        """Return columns and lines; what a terminal does not know (some say 0) is 80 by 24."""
        try:
            columns, lines = os.get_terminal_size(self.out_fd)
        except OSError:
            columns, lines = 0, 0
        return columns or 80, lines or 24


def _keys_at_once(saved: Modes) -> Modes:
    iflag, oflag, cflag, lflag, ispeed, ospeed, characters = saved
    assert isinstance(iflag, int)  # noqa: S101  as termios documents it; the stub types all seven alike
    assert isinstance(lflag, int)  # noqa: S101
    assert isinstance(characters, list)  # noqa: S101
    special = list(characters)
    special[termios.VMIN], special[termios.VTIME] = 1, 0
    special[termios.VSUSP] = b"\0"
    return [
        iflag & ~termios.IXON,
        oflag,
        cflag,
        lflag & ~(termios.ICANON | termios.ECHO),
        ispeed,
        ospeed,
        special,
    ]
