"""The faults of a run on a stream: those at the producer are put in here, the others by every worker."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from actors.core.clock import NS_PER_S, Clock
from actors.output.sinks import LineSink
from sim.chance import Streams
from sim.coordinator.worker_group import WorkerGroup
from sim.faults.fault import Fault, FaultRecord, FaultState
from sim.injection.schedule import FaultSchedule
from sim.journal import Journal
from sim.stream.fault_places import in_workers

_FURTHEST: Final[tuple[FaultState, ...]] = ("waiting", "lifted", "injected", "failed")


class RemoteFaults:
    """Has workers put faults in and take them out at the instants that the scenario says.

    Args:
        faults: of the scenario; those that do not strike in workers are passed over.
        local: the others, put in here.
        group: the workers.
        clock: the run's clock.
        journal: knows when the run began.
        seed: of the run: jitter is drawn as in process.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        local: FaultSchedule,
        group: WorkerGroup,
        clock: Clock,
        journal: Journal,
        seed: int,
    ) -> None:
        self.faults = faults
        self._remote = in_workers(faults)
        self._local = local
        self._group = group
        self._clock = clock
        self._journal = journal
        self._streams = Streams(seed)
        self._injected_s: dict[str, float] = {}
        self._lifted_s: dict[str, float] = {}
        self._in: list[str] = []

    async def run(self) -> None:
        """Put each in and take it out at its instants; return after the last."""
        await asyncio.gather(self._local.run(), self._command())

    async def _command(self) -> None:
        for at_ns, _, step in sorted(self._steps(), key=lambda each: each[:2]):
            await self._clock.sleep_until_ns(self._journal.start_ns + at_ns)
            step()

    def _steps(self) -> list[tuple[int, int, Callable[[], None]]]:
        """Each step with its instant and its rank: at one instant, what ends does so before anything begins."""
        steps: list[tuple[int, int, Callable[[], None]]] = []
        for fault in self._remote:
            for inject_at, lift_at in fault.occurrences(self._streams):
                steps.append((inject_at, 1, lambda fault=fault: self._inject(fault)))  # type: ignore[misc]
                if lift_at is not None:
                    steps.append((lift_at, 0, lambda name=fault.name: self._lift(name)))  # type: ignore[misc]
        return steps

    def _inject(self, fault: Fault) -> None:
        now_s = self._now_s()
        self._injected_s.setdefault(fault.name, now_s)
        if fault.lift_at is not None:
            self._in.append(fault.name)
        self._journal.add("fault_injected", fault.name, f"{fault.kind}, in every worker")
        self._group.inject(fault.name)

    def _lift(self, name: str) -> None:
        if name in self._in:
            self._in.remove(name)
            self._lifted_s[name] = self._now_s()
            self._journal.add("fault_lifted", name, "in every worker")
            self._group.lift(name)

    def _now_s(self) -> float:
        return (self._clock.now_ns() - self._journal.start_ns) / NS_PER_S

    def lift_all(self) -> None:
        """Lift every fault that is in, here and in workers."""
        for name in reversed(self._in.copy()):
            self._lift(name)
        self._local.lift_all()

    def wrap_file(self, lines: LineSink) -> LineSink:
        """Return ``lines`` as they are: no fault of a stream strikes files."""
        return lines

    def records(self) -> tuple[FaultRecord, ...]:
        """Return what each fault did so far, over all workers, in the order of the scenario."""
        local = {record.name: record for record in self._local.records()}
        return tuple(local.get(fault.name) or self._record(fault) for fault in self.faults)

    def _record(self, fault: Fault) -> FaultRecord:
        parts = self._group.fault_records(fault.name)
        effects = [each.first_effect_at_s for each in parts if each.first_effect_at_s is not None]
        errors = [each.error for each in parts if each.error]
        injected = fault.name in self._injected_s
        state: FaultState = "injected" if fault.name in self._in else "lifted" if injected else "waiting"
        if fault.lift_at is None:  # a one-shot is lifted by its own effect
            state = max((each.state for each in parts), key=_FURTHEST.index, default=state)
        return FaultRecord(
            name=fault.name,
            kind=fault.kind,
            state="failed" if errors else state,
            injected_at_s=self._injected_s.get(fault.name),
            first_effect_at_s=min(effects, default=None),
            lifted_at_s=self._lifted_s.get(fault.name, max((each.lifted_at_s or 0.0 for each in parts), default=None)),
            touched_count=sum(each.touched_count for each in parts),
            touches=fault.touches,
            error=errors[0] if errors else "",
        )
