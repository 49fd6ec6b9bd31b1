"""Faults of what comes after the pipeline: the caller who takes decisions, the disk."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from actors.core.batches import DecidedBatch
from actors.core.clock import NS_PER_MS
from actors.core.errors import SinkError
from actors.core.work import Core, Job, Work
from actors.output.sinks import DecisionSink, LineSink
from sim.faults.fault import Share, Wait
from sim.faults.port import LogFault, SinkFault, WorkFault
from sim.faults.switch import FaultSwitch


class SinkTimeout(SinkFault, frozen=True, kw_only=True):
    """Deliveries hang until the fault is lifted or the logger gives up."""

    kind: ClassVar[str] = "sink_timeout"
    summary: ClassVar[str] = "deliveries of decisions hang"
    seen: ClassVar[str] = "the logger's mailbox fills; decisions are made on time and delivered late"
    mitigation: ClassVar[str] = "delivery time-out, bounded retries; what stays undelivered is kept in a file"

    def build(self, port: DecisionSink, switch: FaultSwitch) -> DecisionSink:
        """Return a sink that does not answer while the fault is in."""
        return _Silent(port, switch)


class _Silent:
    def __init__(self, sink: DecisionSink, switch: FaultSwitch) -> None:
        self._sink = sink
        self._switch = switch

    async def deliver(self, decided: DecidedBatch) -> None:
        """Hang while the fault is in, then deliver."""
        if self._switch.strikes():
            with self._switch.effect(0):
                self._switch.touch(len(decided))
                await self._switch.until_lifted()
        await self._sink.deliver(decided)


class SinkErrors(SinkFault, frozen=True, kw_only=True):
    """A share of the deliveries fails at once.

    Attributes:
        ratio: share of the deliveries that fail, 0 to 1.
    """

    kind: ClassVar[str] = "sink_errors"
    summary: ClassVar[str] = "a share of the deliveries of decisions fails"
    seen: ClassVar[str] = "undelivered grows in the ledger; the log has every decision"
    mitigation: ClassVar[str] = "bounded retries, each decision once by its id; the rest is kept in a file"
    ratio: Share = 0.5

    def build(self, port: DecisionSink, switch: FaultSwitch) -> DecisionSink:
        """Return a sink that fails at times while the fault is in."""
        return _Failing(port, switch, self.ratio)


class _Failing:
    def __init__(self, sink: DecisionSink, switch: FaultSwitch, ratio: float) -> None:
        self._sink = sink
        self._switch = switch
        self._ratio = ratio

    async def deliver(self, decided: DecidedBatch) -> None:
        """Deliver, or fail."""
        if self._switch.strikes() and self._switch.chance.next("error") < self._ratio:
            with self._switch.effect(len(decided)):
                raise SinkError("connection reset by the caller")
        await self._sink.deliver(decided)


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


class SlowDisk(WorkFault, frozen=True, kw_only=True):
    """Each write of the decision log takes longer; the logger waits for it and keeps no core busy.

    Attributes:
        added: what a write takes on top.
    """

    kind: ClassVar[str] = "slow_disk"
    summary: ClassVar[str] = "each write of the decision log takes longer"
    seen: ClassVar[str] = "the logger's mailbox fills and its batches grow; decisions are as quick as before"
    mitigation: ClassVar[str] = "lines are written off the event loop, in batches that grow with the backlog"
    added: Wait = 50 * NS_PER_MS

    def build(self, port: Work, switch: FaultSwitch) -> Work:
        """Return work whose log writes are slow while the fault is in."""
        return _Slow(port, switch, self.added)


class _Slow:
    def __init__(self, work: Work, switch: FaultSwitch, added_ns: int) -> None:
        self._work = work
        self._switch = switch
        self._added_ns = added_ns

    async def spend(self, job: Job, rows: int, core: Core = Core.LOOP) -> None:
        """Let the time of the job pass, and that of the disk."""
        strikes = job is Job.WRITE and self._switch.strikes()
        await self._work.spend(job, rows, core)
        if strikes:
            with self._switch.effect(0):
                self._switch.touch(rows)
                await self._switch.clock.sleep_ns(self._added_ns)
