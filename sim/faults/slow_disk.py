"""The disk of the decision log is slow."""

from typing import ClassVar

from actors.clock import NS_PER_MS
from actors.work import Core, Job, Work
from sim.faults.fault import Wait
from sim.faults.port import WorkFault
from sim.faults.switch import FaultSwitch


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
