"""Files of one JSON document a line, written as things happen."""

import io
from pathlib import Path
from typing import Self

import msgspec

from actors.adapters.files import AppendOnlyFile
from actors.clock import NS_PER_S
from actors.errors import SinkError
from actors.telemetry.alerts import AlertEvent


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


class JsonLines:
    """A file that gets a line at a time and never stops a run: what a full disk refuses is counted.

    Attributes:
        problem: the first failure; "" without one.
        lost_count: lines that could not be written.

    Args:
        path: created anew.

    Raises:
        OutputError: it cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self._file = AppendOnlyFile(path)
        self._encoder = msgspec.json.Encoder()
        self.problem = ""
        self.lost_count = 0

    def add(self, document: msgspec.Struct) -> None:
        """Append one document."""
        try:
            self._file.append(self._encoder.encode(document) + b"\n")
        except SinkError as error:
            self.lost_count += 1
            self.problem = self.problem or str(error)

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        self._file.close()


class TolerantText(io.TextIOBase):
    """A text file that never stops a run: from the first write that a full disk refuses on, nothing more is written.

    Attributes:
        problem: that first failure; "" without one.

    Args:
        path: created anew.

    Raises:
        OutputError: it cannot be created.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = AppendOnlyFile(path)
        self.problem = ""

    def write(self, text: str) -> int:
        """Write ``text`` if all before it could be written."""
        if not self.problem:
            try:
                self._file.append(text.encode())
            except SinkError as error:
                self.problem = str(error)
        return len(text)

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        self._file.close()
        super().close()
