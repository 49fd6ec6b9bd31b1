"""Files of one JSON document a line, written as things happen."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from actors.adapters.files import AppendOnlyFile
from actors.core.clock import NS_PER_S
from actors.core.errors import SinkError
from actors.output.sinks import LineSink
from actors.telemetry.alerts.engine import AlertEvent


class AlertLine(msgspec.Struct, frozen=True):
    """One line of ``alerts.jsonl``: an alert changed its state, or was escalated.

    Attributes:
        at_s: seconds since the run began, on the run's clock.
        told: who hears of it.
        text: the figures it rests on.
    """

    at_s: float
    alert: str
    state: str
    severity: str
    told: str
    text: str
    escalated: bool = False

    @classmethod
    def of(cls, event: AlertEvent, start_ns: int) -> Self:
        """Return the line of ``event`` in a run that began at ``start_ns``."""
        at_s = (event.at_ns - start_ns) / NS_PER_S
        return cls(at_s, event.alert, event.state, event.severity, event.told, event.text, event.escalated)


class PatientLines:
    """Whole lines on their way to a file, which never stop a run: what a full disk refuses waits until it has room.

    Lines stay in order. Beyond ``HELD_BYTES`` what comes is lost, and counted, until there is room again.

    Attributes:
        file: the file.
        lost_count: lines that were never written; those that still wait count once it is flushed.

    Args:
        path: created anew.

    Raises:
        OutputError: it cannot be created.
    """

    HELD_BYTES = 1_000_000  # a journal of hours; a full disk must not fill memory next

    def __init__(self, path: Path) -> None:
        self.file = AppendOnlyFile(path)
        self._lines: LineSink = self.file
        self._held = bytearray()
        self.lost_count = 0
        self._why = ""

    @property
    def problem(self) -> str:
        """What is missing from the file and why; "" where nothing is."""
        return f"{self.file.path.name}: lines missing: {self.lost_count:,}: {self._why}" if self.lost_count else ""

    def through(self, around: Callable[[LineSink], LineSink]) -> None:
        """Write through what ``around`` puts around the file from now on."""
        self._lines = around(self._lines)

    def append(self, lines: bytes) -> None:
        """Write ``lines``, which end with a newline, after those that wait."""
        if len(self._held) + len(lines) > self.HELD_BYTES:
            self._try()
        if self._held and len(self._held) + len(lines) > self.HELD_BYTES:
            self.lost_count += lines.count(b"\n")
            return
        self._held += lines
        self._try()

    def flush(self) -> None:
        """Try what waits a last time; what is refused again is lost."""
        self._try()
        self.lost_count += self._held.count(b"\n")
        self._held.clear()

    def close(self) -> None:
        """Flush, and close the file; closing twice is fine."""
        self.flush()
        self.file.close()

    def _try(self) -> None:
        if not self._held:
            return
        try:
            self._lines.append(bytes(self._held))
        except SinkError as error:
            self._why = str(error).removeprefix(f"{self.file.path.name}: ")
        else:
            self._held.clear()


class JsonLines(PatientLines):
    """A file that gets a JSON document a line, and never stops a run."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._encoder = msgspec.json.Encoder()

    def add(self, document: msgspec.Struct) -> None:
        """Append one document."""
        self.append(self._encoder.encode(document) + b"\n")


class TextLines(io.TextIOBase):
    """A text file on top of `PatientLines`, for whoever writes a line in pieces.

    Args:
        lines: where they go, each when its newline is written.
    """

    def __init__(self, lines: PatientLines) -> None:
        super().__init__()
        self._lines = lines
        self._begun = ""

    def write(self, text: str) -> int:
        """Take ``text``, and pass on all that is whole lines."""
        whole, newline, self._begun = (self._begun + text).rpartition("\n")
        if newline:
            self._lines.append(f"{whole}\n".encode())
        return len(text)
