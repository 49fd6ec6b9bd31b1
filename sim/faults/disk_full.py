"""The disk of the decision log is full."""

import asyncio
from typing import ClassVar

from actors.decision_log import LineSink
from actors.errors import SinkError
from sim.faults.port import LogFault
from sim.faults.switch import FaultSwitch


class DiskFull(LogFault, frozen=True, kw_only=True):
    """Nothing can be appended to the decision log."""

    kind: ClassVar[str] = "disk_full"
    summary: ClassVar[str] = "nothing can be appended to the decision log"
    seen: ClassVar[str] = "log_failed grows in the ledger; decisions are made and delivered as before"
    mitigation: ClassVar[str] = "a failed write costs its lines, which are counted, and nothing else"

    def build(self, port: LineSink, switch: FaultSwitch) -> LineSink:
        """Return an output without room while the fault is in."""
        return _Full(port, switch)


class _Full:
    def __init__(self, output: LineSink, switch: FaultSwitch) -> None:
        self._output = output
        self._switch = switch
        self._loop = asyncio.get_running_loop()
        self.size = output.size

    def append(self, lines: bytes) -> None:
        """Append, or find no room; called in the thread that writes, while the switch lives on the loop."""
        if self._switch.strikes():
            self._loop.call_soon_threadsafe(self._switch.touch, lines.count(b"\n"))
            raise SinkError("No space left on device")
        self._output.append(lines)
        self.size = self._output.size

    def cut(self, size: int) -> None:
        """Take back; that needs no room."""
        self._output.cut(size)
        self.size = self._output.size
