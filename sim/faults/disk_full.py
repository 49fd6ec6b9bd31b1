"""The disk that a run writes to is full."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from actors.errors import SinkError
from actors.line_sink import LineSink
from sim.faults.port import LogFault
from sim.faults.switch import FaultSwitch


class DiskFull(LogFault, frozen=True, kw_only=True):
    """Nothing can be appended to any file of the run: decisions, dead letters, journal and all others.

    Touched are decisions that are not logged.
    """

    kind: ClassVar[str] = "disk_full"
    summary: ClassVar[str] = "nothing can be appended to any file of the run"
    seen: ClassVar[str] = (
        "log_failed grows; decisions are made and delivered as before; the verdict names what is missing"
    )
    mitigation: ClassVar[str] = (
        "a failed write costs its lines, which are counted; journal, alerts and latencies wait until there is room"
    )

    def build(self, port: LineSink, switch: FaultSwitch) -> LineSink:
        """Return the decision log, without room while the fault is in."""
        loop = asyncio.get_running_loop()
        return _Full(port, switch, lambda rows: loop.call_soon_threadsafe(switch.touch, rows))

    def beside(self, port: LineSink, switch: FaultSwitch) -> LineSink:
        """Return another file, without room while the fault is in."""
        return _Full(port, switch, lambda _: None)


class _Full:
    def __init__(self, output: LineSink, switch: FaultSwitch, touch: Callable[[int], object]) -> None:
        self._output = output
        self._switch = switch
        self._touch = touch
        self.size = output.size

    def append(self, lines: bytes) -> None:
        """Append, or find no room; the decision log is written in a thread, while the switch lives on the loop."""
        if self._switch.strikes():
            self._touch(lines.count(b"\n"))
            raise SinkError("No space left on device")
        self._output.append(lines)
        self.size = self._output.size

    def cut(self, size: int) -> None:
        """Take back; that needs no room."""
        self._output.cut(size)
        self.size = self._output.size
