"""The schedule of a run's faults: injects and lifts each at its instants, and lifts all whatever happens."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from types import TracebackType
from typing import Self

from actors.actor import Hooks
from actors.core.arrays import I64
from actors.core.clock import Clock
from actors.core.work import Work
from actors.features.refresh import TableStore
from actors.features.store import FeatureStore
from actors.model.scoring import Scoring
from actors.model.verification import Verification
from actors.output.sinks import DecisionSink, LineSink
from actors.pipeline import Pipeline
from sim.chance import Streams
from sim.faults.fault import Fault, FaultRecord
from sim.feeds.feed import Feed
from sim.injection import arrivals, feature_store, fraud_wave, model, output, pipeline, release, traffic
from sim.injection.injector import Injector
from sim.injection.switch import FaultSwitch, FaultTargets
from sim.journal import Journal

INJECTORS: dict[type[Fault], type[Injector]] = {
    inspect.get_annotations(each)["fault"]: each
    for module in (feature_store, traffic, arrivals, fraud_wave, model, release, pipeline, output)
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, Injector) and "fault" in inspect.get_annotations(each)
    if each is not Injector
}


def injector_of(kind: type[Fault]) -> type[Injector]:
    """Return what puts a fault of ``kind`` to work: its own injector, or that of a kind of which it is one."""
    return next(INJECTORS[each] for each in kind.__mro__ if each in INJECTORS)


class FaultSchedule:
    """All faults of one run. A context manager: on leaving, also by an error or Ctrl-C, every fault is lifted.

    Ports are wrapped with every fault that aims at them, the first of the scenario innermost.

    Args:
        faults: what fails, and when, counted from the start of the run.
        clock: the run's clock, real or virtual.
        journal: where each step is written; it knows when the run began.
        seed: of the run's chance; each fault has streams of its own.
        targets: what faults reach into that is no port.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        clock: Clock,
        journal: Journal,
        seed: int = 0,
        targets: FaultTargets | None = None,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._targets = targets or FaultTargets()
        streams = Streams(seed)
        self._switches = [FaultSwitch(fault, clock, journal, streams, self._targets) for fault in faults]
        self.injectors = [
            injector_of(type(fault))(fault, switch) for fault, switch in zip(faults, self._switches, strict=True)
        ]

    # ------------------------------------------------------------------ wrapping

    def wrap_feature_store(self, store: FeatureStore) -> FeatureStore:
        """Return ``store`` with its faults around it."""
        return reduce(lambda port, each: each.around_store(port), self.injectors, store)

    def wrap_refresh(self, store: TableStore) -> TableStore:
        """Return ``store``, where refreshes are published, with the faults of the refresh around it."""
        return reduce(lambda port, each: each.around_refresh(port), self.injectors, store)

    def wrap_feed(self, feed: Feed) -> Feed:
        """Return ``feed`` with the faults of the traffic around it; `reschedule` keeps the schedule in step."""
        return reduce(lambda port, each: each.around_feed(port), self.injectors, feed)

    def reschedule(self, batches: Iterator[I64]) -> Iterator[I64]:
        """Return the intended arrivals with what the faults of the traffic add and remove."""
        return reduce(lambda due, each: each.reschedule(due), self.injectors, batches)

    def wrap_scoring(self, scoring: Scoring) -> Scoring:
        """Return ``scoring`` with the faults of the model around it."""
        return reduce(lambda port, each: each.around_scoring(port), self.injectors, scoring)

    def wrap_verification(self, verification: Verification) -> Verification:
        """Return ``verification`` with the faults of candidates around it."""
        return reduce(lambda port, each: each.around_verification(port), self.injectors, verification)

    def wrap_hooks(self, hooks: Hooks) -> Hooks:
        """Return ``hooks`` with the faults of the actors around them."""
        return reduce(lambda port, each: each.around_hooks(port), self.injectors, hooks)

    def wrap_sink(self, sink: DecisionSink) -> DecisionSink:
        """Return ``sink`` with its faults around it."""
        return reduce(lambda port, each: each.around_sink(port), self.injectors, sink)

    def wrap_output(self, output: LineSink) -> LineSink:
        """Return ``output``, the decision log, with the faults of the disk around it."""
        return reduce(lambda port, each: each.around_log(port), self.injectors, output)

    def wrap_file(self, lines: LineSink) -> LineSink:
        """Return another file of the run with the faults of the disk around it."""
        return reduce(lambda port, each: each.around_file(port), self.injectors, lines)

    def wrap_work(self, work: Work) -> Work:
        """Return ``work`` with what slows it around it."""
        return reduce(lambda port, each: each.around_work(port), self.injectors, work)

    def attach(self, pipeline: Pipeline) -> None:
        """Let faults reach into ``pipeline`` from now on."""
        self._targets.pipeline = pipeline

    # ------------------------------------------------------------------ injecting and lifting

    async def run(self) -> None:
        """Inject and lift each fault at its instants; return after the last. Cancelled, it lifts all first."""
        done = False
        try:
            for at_ns, _, step in sorted(self._steps(), key=lambda each: each[:2]):
                await self._clock.sleep_until_ns(self._journal.start_ns + at_ns)
                step()
            for switch in self._switches:
                await switch.until_lifted()  # a one-shot is lifted by its own effect
            done = True
        finally:
            if not done:
                self.lift_all()

    def switch(self, name: str) -> FaultSwitch | None:
        """Return the switch of the fault called ``name``, for whoever injects by hand; None if there is none."""
        return next((each for each in self._switches if each.name == name), None)

    def lift_for_now(self) -> tuple[str, ...]:
        """Lift every fault that is in, the last one first, and return their names; they may come in again."""
        lifted = [switch for switch in reversed(self._switches) if switch.active]
        for switch in lifted:
            switch.lift()
        return tuple(switch.name for switch in lifted)

    def lift_all(self) -> None:
        """Lift every fault that is in, the last injected first; none comes in afterwards."""
        for switch in reversed(self._switches):
            switch.close()

    def records(self) -> tuple[FaultRecord, ...]:
        """Return what each fault did so far, in the order of the scenario."""
        return tuple(each.record() for each in self._switches)

    def __enter__(self) -> Self:
        """Enter; nothing is injected yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Lift every fault."""
        self.lift_all()

    def _steps(self) -> list[tuple[int, int, Callable[[], None]]]:
        """Each step with its instant and its rank: at one instant, what ends does so before anything begins."""
        steps: list[tuple[int, int, Callable[[], None]]] = []
        for switch in self._switches:
            for inject_at, lift_at in switch.planned:
                steps.append((inject_at, 1, switch.inject))
                if lift_at is not None:
                    steps.append((lift_at, 0, switch.lift))
        return steps
