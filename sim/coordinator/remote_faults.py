"""The faults of a run on a stream: those at the producer are put in here, the others by every worker."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from actors.core.clock import NS_PER_S, Clock
from actors.output.sinks import LineSink
from sim.chance import Streams
from sim.coordinator.worker_group import WorkerGroup
from sim.faults.fault import Fault, FaultRecord, FaultState, Occurrence
from sim.injection.rate_changes import RateChanges
from sim.injection.schedule import FaultSchedule
from sim.journal import Journal
from sim.stream.fault_places import in_workers

_FURTHEST: Final[tuple[FaultState, ...]] = ("waiting", "lifted", "injected", "failed")


@dataclass(slots=True)
class _Commanded:
    """A fault that workers put in and out.

    Attributes:
        planned: its injections and lifts, as hands have left them.
        meant: the same before anyone lifted it by hand.
        by_hand: whether the scenario has it not, so that workers must be told what it is.
        active: whether it is in.
    """

    fault: Fault
    planned: tuple[Occurrence, ...]
    meant: tuple[Occurrence, ...]
    by_hand: bool = False
    active: bool = False
    injected_s: float | None = None
    lifted_s: float | None = None


class RemoteFaults:
    """Has workers put faults in and take them out at the instants that the scenario says, or whoever is at the screen.

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
        self._faults = [*faults]
        self._local = local
        self._group = group
        self._clock = clock
        self._journal = journal
        self._streams = Streams(seed)
        self._commanded = {each.name: self._made(each) for each in in_workers(faults)}
        self._under_way: set[asyncio.Task[None]] = set()

    def _made(self, fault: Fault, *, by_hand: bool = False) -> _Commanded:
        planned = fault.occurrences(self._streams)
        return _Commanded(fault, planned, planned, by_hand)

    @property
    def faults(self) -> Sequence[Fault]:
        """All of them, those added by hand the last."""
        return self._faults

    async def run(self) -> None:
        """Put each in and take it out at its instants; return after the last."""
        await asyncio.gather(self._local.run(), self._carry_out(tuple(self._commanded.values())))

    async def _carry_out(self, commanded: Sequence[_Commanded]) -> None:
        """Put ``commanded`` in and out; at one instant, what ends does so before anything begins."""
        steps = [step for each in commanded for step in _steps_of(each)]
        for at_ns, injects, name in sorted(steps):
            await self._clock.sleep_until_ns(self._journal.start_ns + at_ns)
            (self._inject if injects else self._lift)(self._commanded[name])

    def _inject(self, commanded: _Commanded) -> None:
        fault = commanded.fault
        commanded.injected_s = self._now_s() if commanded.injected_s is None else commanded.injected_s
        commanded.active = fault.lift_at is not None
        self._journal.add("fault_injected", fault.name, f"{fault.kind}, in every worker")
        self._group.inject(fault.name, fault if commanded.by_hand else None)

    def _lift(self, commanded: _Commanded) -> None:
        if commanded.active:
            commanded.active, commanded.lifted_s = False, self._now_s()
            self._journal.add("fault_lifted", commanded.fault.name, "in every worker")
            self._group.lift(commanded.fault.name)

    def _now_s(self) -> float:
        return (self._clock.now_ns() - self._journal.start_ns) / NS_PER_S

    def lift_all(self) -> None:
        """Lift every fault that is in, here and in workers; none comes in afterwards."""
        for task in self._under_way:
            task.cancel()
        for commanded in reversed(self._commanded.values()):
            self._lift(commanded)
        self._local.lift_all()

    # ------------------------------------------------------------------ by hand

    @property
    def is_open(self) -> bool:
        """Whether faults can be added and lifted by hand."""
        return self._local.is_open

    @property
    def rate_changes(self) -> RateChanges | None:
        """What changes the rate of the traffic, at the producer."""
        return self._local.rate_changes

    def next_ns(self, kind: type[Fault]) -> int:
        """Return from when on a fault of ``kind`` can be in, ns from the start of the run and in whole ms."""
        return self._local.next_ns(kind)

    def next_of_traffic_ns(self) -> int:
        """Return from when on the traffic can be changed, as `next_ns`."""
        return self._local.next_of_traffic_ns()

    def add(self, fault: Fault) -> None:
        """Have one more fault put in and out; it begins no earlier than `next_ns` said."""
        self._faults.append(fault)
        if fault.on_stream == "worker":
            commanded = self._commanded[fault.name] = self._made(fault, by_hand=True)
            self._begin(self._carry_out((commanded,)))
        else:
            self._local.add(fault)

    def lift_now(self, name: str) -> int | None:
        """Lift the fault called ``name`` as soon as it can be; return when, None if it is not in."""
        commanded = self._commanded.get(name)
        if commanded is None:
            return self._local.lift_now(name)
        if not commanded.active:
            return None
        at_ns = self.next_ns(type(commanded.fault))
        commanded.planned = tuple(each.cut(at_ns) for each in commanded.planned)
        self._begin(self._lift_at(commanded, at_ns))
        return at_ns

    async def _lift_at(self, commanded: _Commanded, at_ns: int) -> None:
        await self._clock.sleep_until_ns(self._journal.start_ns + at_ns)
        self._lift(commanded)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def played(self) -> Iterator[tuple[Fault, tuple[Occurrence, ...] | None]]:
        """Yield each fault with its injections as hands have left them, None where they came as the scenario says."""
        local = {fault.name: came for fault, came in self._local.played()}
        for fault in self._faults:
            commanded = self._commanded.get(fault.name)
            if commanded is None:
                yield fault, local[fault.name]
            else:
                yield fault, None if commanded.planned == commanded.meant else commanded.planned

    # ------------------------------------------------------------------ what they did

    def wrap_file(self, lines: LineSink) -> LineSink:
        """Return ``lines`` as they are: no fault of a stream strikes files."""
        return lines

    def records(self) -> tuple[FaultRecord, ...]:
        """Return what each fault did so far, over all workers, in the order of the scenario, those by hand the last."""
        local = {record.name: record for record in self._local.records()}
        return tuple(local.get(fault.name) or self._record(self._commanded[fault.name]) for fault in self._faults)

    def _record(self, commanded: _Commanded) -> FaultRecord:
        fault = commanded.fault
        parts = self._group.fault_records(fault.name)
        effects = [each.first_effect_at_s for each in parts if each.first_effect_at_s is not None]
        errors = [each.error for each in parts if each.error]
        injected, lifted_s = commanded.injected_s is not None, commanded.lifted_s
        state: FaultState = "injected" if commanded.active else "lifted" if injected else "waiting"
        if fault.lift_at is None:  # a one-shot is lifted by its own effect
            state = max((each.state for each in parts), key=_FURTHEST.index, default=state)
        if lifted_s is None:
            lifted_s = max((each.lifted_at_s or 0.0 for each in parts), default=None)
        return FaultRecord(
            name=fault.name,
            kind=fault.kind,
            state="failed" if errors else state,
            injected_at_s=commanded.injected_s,
            first_effect_at_s=min(effects, default=None),
            lifted_at_s=lifted_s,
            touched_count=sum(each.touched_count for each in parts),
            touches=fault.touches,
            error=errors[0] if errors else "",
        )


def _steps_of(commanded: _Commanded) -> Iterator[tuple[int, int, str]]:
    """Yield each step as its instant, whether it injects, and the fault's name."""
    for inject_at, lift_at in commanded.planned:
        yield inject_at, 1, commanded.fault.name
        if lift_at is not None:
            yield lift_at, 0, commanded.fault.name
