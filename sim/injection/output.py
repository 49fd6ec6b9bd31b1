"""Injectors of what comes after the pipeline: the caller who takes decisions, the disk."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable

from actors.core.batches import DecidedBatch
from actors.core.errors import SinkError
from actors.core.work import Core, Job, Work
from actors.output.sinks import DecisionSink, LineSink
from sim.faults.output import DiskFull, SinkErrors, SinkTimeout, SlowDisk
from sim.injection.injector import Injector


class SinkInjector(Injector):
    """Stands between the logger and the caller who waits for decisions.

    Attributes:
        sink: the one behind it.
    """

    sink: DecisionSink

    def around_sink(self, sink: DecisionSink) -> DecisionSink:
        """Take its deliveries."""
        self.sink = sink
        return self

    @abstractmethod
    async def deliver(self, decided: DecidedBatch) -> None:
        """Deliver, or do harm."""
        ...


class SilentSink(SinkInjector):
    """Does not answer."""

    fault: SinkTimeout

    async def deliver(self, decided: DecidedBatch) -> None:
        """Hang while the fault is in, then deliver."""
        if self.switch.strikes():
            with self.switch.effect(0):
                self.switch.touch(len(decided))
                await self.switch.until_lifted()
        await self.sink.deliver(decided)


class FailingSink(SinkInjector):
    """Fails at times."""

    fault: SinkErrors

    async def deliver(self, decided: DecidedBatch) -> None:
        """Deliver, or fail."""
        if self.switch.strikes() and self.switch.chance.next("error") < self.fault.ratio:
            with self.switch.effect(len(decided)):
                raise SinkError("connection reset by the caller")
        await self.sink.deliver(decided)


class FullDisk(Injector):
    """Has no room, for any file."""

    fault: DiskFull

    def around_log(self, log: LineSink) -> LineSink:
        """Take the decision log, whose lines are counted; the switch lives on the loop, and writes do not."""
        loop = asyncio.get_running_loop()
        return _Full(self, log, lambda rows: loop.call_soon_threadsafe(self.switch.touch, rows))

    def around_file(self, file: LineSink) -> LineSink:
        """Take another file."""
        return _Full(self, file, lambda _: None)


class _Full:
    def __init__(self, disk: FullDisk, output: LineSink, touch: Callable[[int], object]) -> None:
        self._disk = disk
        self._output = output
        self._touch = touch

    def append(self, lines: bytes) -> None:
        """Append, or find no room."""
        if self._disk.switch.strikes():
            self._touch(lines.count(b"\n"))
            raise SinkError("No space left on device")
        self._output.append(lines)


class SluggishDisk(Injector):
    """Takes its time for each write of the decision log."""

    fault: SlowDisk
    _work: Work

    def around_work(self, work: Work) -> Work:
        """Take the time of writes."""
        self._work = work
        return self

    async def spend(self, job: Job, rows: int, core: Core = Core.LOOP) -> None:
        """Let the time of the job pass, and that of the disk."""
        strikes = job is Job.WRITE and self.switch.strikes()
        await self._work.spend(job, rows, core)
        if strikes:
            with self.switch.effect(0):
                self.switch.touch(rows)
                await self.switch.clock.sleep_ns(self.fault.added)
