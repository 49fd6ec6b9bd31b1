"""A recording of the screen: an asciicast, version 2, with markers at phases, faults and alerts.

Written line by line, so that what there is of it plays whatever happens later. Whoever takes part has it in a file of
its own: the screen's process is the only one that writes it.

Source: asciicast v2, https://docs.asciinema.org/manual/asciicast/v2
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from dashboard.rows import clean

if TYPE_CHECKING:
    from dashboard.frame import Frame

SUFFIX: Final = ".cast"
MOST_BYTES: Final = 500_000_000  # an hour of a large screen has about 200 MB
SIGNS: Final = {"injected": "fault", "lifted": "lifted", "replaced": "replaced", "failed": "failed"}


class Markers:
    """Tells what has begun or ended from one frame to the next, each thing once."""

    def __init__(self) -> None:
        self._phase: str | None = None
        self._states: dict[tuple[str, str], str] = {}

    def of(self, frame: "Frame") -> Iterator[str]:
        """Yield what is new in ``frame``, a few words each."""
        if frame.header.phase != self._phase:
            self._phase = frame.header.phase
            yield f"phase {self._phase}" if self._phase else "the end"
        for fault in frame.timeline.faults if frame.timeline else ():
            if self._changed("fault", fault.name, fault.state) and fault.state in SIGNS:
                yield f"{SIGNS[fault.state]} {fault.name}"
        for alert in frame.alerts:
            if self._changed("alert", alert.name, alert.state) and alert.state in ("firing", "resolved"):
                yield f"{alert.name} {alert.state}"

    def _changed(self, kind: str, name: str, state: str) -> bool:
        before = self._states.get((kind, name))
        self._states[kind, name] = state
        return before != state


class Cast:
    """One recording. It never raises: a file that takes no more ends it, and says why once.

    Args:
        file: an open file, empty.
        size: columns and lines.
        now_s: of the begin, from any origin.
        epoch_s: seconds since the epoch of the begin.

    Attributes:
        trouble: why it has ended early; "" while it goes on.
    """

    def __init__(self, file: TextIO, size: tuple[int, int], now_s: float, epoch_s: int) -> None:
        self._file = file
        self._start_s = now_s
        self._size = size
        self._markers = Markers()
        self._bytes = 0
        self.trouble = ""
        term = os.environ.get("TERM", "xterm-256color")
        width, height = size
        header = {"version": 2, "width": width, "height": height, "timestamp": epoch_s, "env": {"TERM": term}}
        self._line({**header, "title": "riskdrill"})

    def write(self, text: str, now_s: float) -> None:
        """Record what is written to the terminal."""
        self._event(now_s, "o", text)

    def resize(self, size: tuple[int, int], now_s: float) -> None:
        """Record that the terminal has another size, if it has."""
        if size != self._size:
            self._size = size
            self._event(now_s, "r", f"{size[0]}x{size[1]}")

    def mark(self, frame: "Frame", now_s: float) -> None:
        """Set markers at what is new in ``frame``."""
        for words in self._markers.of(frame):
            self._event(now_s, "m", clean(words))

    def close(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        except OSError as error:
            self.trouble = self.trouble or str(error.strerror or error)

    def _event(self, now_s: float, code: str, data: str) -> None:
        if data:
            self._line([round(max(0.0, now_s - self._start_s), 6), code, data])

    def _line(self, value: object) -> None:
        if self.trouble:
            return
        line = f"{json.dumps(value, ensure_ascii=False)}\n"
        self._bytes += len(line)
        if self._bytes > MOST_BYTES:
            self.trouble = f"it has {MOST_BYTES // 1_000_000:,} MB, which is the most"
            return
        try:
            self._file.write(line)
            self._file.flush()
        except (OSError, ValueError) as error:
            self.trouble = (isinstance(error, OSError) and error.strerror) or str(error)


def open_cast(file: Path, size: tuple[int, int], now_s: float, epoch_s: int) -> Cast:
    """Begin a recording in ``file``; what is there is replaced.

    Raises:
        OSError: it cannot be written, or is no file but a pipe or a device.
    """
    if file.exists() and not file.is_file():
        raise OSError(0, "is not a file")
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_TRUNC, 0o644)
    return Cast(os.fdopen(descriptor, "w", encoding="utf-8"), size, now_s, epoch_s)
