"""The schedule of a run's faults: injects and lifts each at its instant, and lifts all whatever happens."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from actors.clock import Clock
from actors.features.refresh import TableStore
from actors.features.store import FeatureStore
from sim.faults.fault import Fault
from sim.faults.feature_store import FeatureStoreFault
from sim.faults.refresh_failure import RefreshFailure
from sim.faults.switch import FaultRecord, FaultSwitch
from sim.journal import Journal


class FaultSchedule:
    """All faults of one run. A context manager: on leaving, also by an error or Ctrl-C, every fault is lifted.

    Args:
        faults: what fails, and when, counted from the start of the run.
        clock: the run's clock, real or virtual.
        journal: where each step is written; it knows when the run began.
    """

    def __init__(self, faults: Sequence[Fault], clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._pairs = [(fault, FaultSwitch(fault.name, fault.kind, clock, journal, fault.touches)) for fault in faults]

    def wrap_feature_store(self, store: FeatureStore) -> FeatureStore:
        """Return ``store`` with every fault that aims at it around it, the first of the scenario innermost."""
        for fault, switch in self._pairs:
            if isinstance(fault, FeatureStoreFault):
                store = fault.build(store, switch)
        return store

    def wrap_refresh(self, store: TableStore) -> TableStore:
        """Return ``store``, where refreshes are published, with every fault of the refresh around it."""
        for fault, switch in self._pairs:
            if isinstance(fault, RefreshFailure):
                store = fault.build(store, switch)
        return store

    async def run(self) -> None:
        """Inject and lift each fault at its instant; return after the last. Cancelled, it lifts all first."""
        with self:
            for at_ns, _, step in sorted(self._steps(), key=lambda each: each[:2]):
                await self._clock.sleep_until_ns(self._journal.start_ns + at_ns)
                step()

    def lift_all(self) -> None:
        """Lift every fault that is in, the last injected first; none is injected afterwards by `run`'s end."""
        for _, switch in reversed(self._pairs):
            switch.lift()

    def records(self) -> tuple[FaultRecord, ...]:
        """Return what each fault did so far, in the order of the scenario."""
        return tuple(switch.record() for _, switch in self._pairs)

    def __enter__(self) -> Self:
        """Enter; nothing is injected yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Lift every fault."""
        self.lift_all()

    def _steps(self) -> list[tuple[int, int, Callable[[], None]]]:
        """Each step with its instant and its rank: at one instant, what ends does so before anything begins."""
        steps: list[tuple[int, int, Callable[[], None]]] = []
        for fault, switch in self._pairs:
            steps.append((fault.at, 1, switch.inject))
            if fault.lift_at is not None:
                steps.append((fault.lift_at, 0, switch.lift))
        return steps
