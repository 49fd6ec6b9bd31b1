"""The schedule of a run's faults: injects and lifts each at its instants, and lifts all whatever happens."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import reduce
from types import TracebackType
from typing import Any, Self, TypeVar

from actors.actor import Hooks
from actors.core.arrays import I64
from actors.core.clock import NS_PER_MS, Clock
from actors.core.work import Work
from actors.features.refresh import TableStore
from actors.features.store import FeatureStore
from actors.model.scoring import Scoring
from actors.model.verification import Verification
from actors.output.sinks import DecisionSink, LineSink
from actors.pipeline import Pipeline
from sim.chance import Streams
from sim.faults.fault import Fault, FaultRecord, Occurrence
from sim.feeds.feed import Feed
from sim.injection import arrivals, feature_store, fraud_wave, model, output, pipeline, release, traffic
from sim.injection.injector import Injector
from sim.injection.open_ports import (
    OpenHooks,
    OpenLines,
    OpenScoring,
    OpenSink,
    OpenStore,
    OpenTable,
    OpenVerification,
    OpenWork,
)
from sim.injection.open_run import OpenRun
from sim.injection.rate_changes import RateChanges
from sim.injection.switch import FaultSwitch, FaultTargets
from sim.injection.traffic import FeedInjector
from sim.journal import Journal

P = TypeVar("P")
AHEAD_NS = 10 * NS_PER_MS  # of what is asked by hand: it then begins when it says, and not a few ms later

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
        by_hand: keeps the ports open, so that faults can be added and lifted by hand; None where they cannot.
        rate_changes: of the traffic, which faults come on top of; None without any.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        clock: Clock,
        journal: Journal,
        seed: int = 0,
        targets: FaultTargets | None = None,
        by_hand: OpenRun | None = None,
        rate_changes: RateChanges | None = None,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._targets = targets or FaultTargets()
        self._streams = Streams(seed)
        self._open = by_hand
        self.rate_changes = rate_changes
        self._under_way: set[asyncio.Task[None]] = set()
        self._faults: list[Fault] = []
        self._switches: list[FaultSwitch] = []
        self.injectors: list[Injector] = []
        for fault in faults:
            self._make(fault)

    def _make(self, fault: Fault) -> Injector:
        switch = FaultSwitch(fault, self._clock, self._journal, self._streams, self._targets)
        injector = injector_of(type(fault))(fault, switch)
        self._faults.append(fault)
        self._switches.append(switch)
        self.injectors.append(injector)
        return injector

    # ------------------------------------------------------------------ wrapping

    def wrap_feature_store(self, store: FeatureStore) -> FeatureStore:
        """Return ``store`` with its faults around it."""
        return self._wrapped(store, lambda each, port: each.around_store(port), OpenStore)

    def wrap_refresh(self, store: TableStore) -> TableStore:
        """Return ``store``, where refreshes are published, with the faults of the refresh around it."""
        return self._wrapped(store, lambda each, port: each.around_refresh(port), OpenTable)

    def wrap_feed(self, feed: Feed) -> Feed:
        """Return ``feed`` with the faults of the traffic around it; `reschedule` keeps the schedule in step."""
        feed = feed if self._open is None else self._open.traffic.sliced(feed)
        feed = feed if self.rate_changes is None else self.rate_changes.around_feed(feed)
        feed = reduce(lambda port, each: each.around_feed(port), self.injectors, feed)
        return feed if self._open is None else self._open.traffic.opened(feed)

    def reschedule(self, batches: Iterator[I64]) -> Iterator[I64]:
        """Return the intended arrivals with what the faults of the traffic add and remove."""
        batches = batches if self._open is None else self._open.traffic.slices(batches)
        batches = batches if self.rate_changes is None else self.rate_changes.reschedule(batches)
        batches = reduce(lambda due, each: each.reschedule(due), self.injectors, batches)
        return batches if self._open is None else self._open.traffic.counted(batches)

    def wrap_scoring(self, scoring: Scoring) -> Scoring:
        """Return ``scoring`` with the faults of the model around it."""
        return self._wrapped(scoring, lambda each, port: each.around_scoring(port), OpenScoring)

    def wrap_verification(self, verification: Verification) -> Verification:
        """Return ``verification`` with the faults of candidates around it."""
        return self._wrapped(verification, lambda each, port: each.around_verification(port), OpenVerification)

    def wrap_hooks(self, hooks: Hooks) -> Hooks:
        """Return ``hooks`` with the faults of the actors around them."""
        return self._wrapped(hooks, lambda each, port: each.around_hooks(port), OpenHooks)

    def wrap_sink(self, sink: DecisionSink) -> DecisionSink:
        """Return ``sink`` with its faults around it."""
        return self._wrapped(sink, lambda each, port: each.around_sink(port), OpenSink)

    def wrap_output(self, output: LineSink) -> LineSink:
        """Return ``output``, the decision log, with the faults of the disk around it."""
        return self._wrapped(output, lambda each, port: each.around_log(port), OpenLines)

    def wrap_file(self, lines: LineSink) -> LineSink:
        """Return another file of the run with the faults of the disk around it."""
        return self._wrapped(lines, lambda each, port: each.around_file(port), OpenLines)

    def wrap_work(self, work: Work) -> Work:
        """Return ``work`` with what slows it around it."""
        return self._wrapped(work, lambda each, port: each.around_work(port), OpenWork)

    def _wrapped(self, port: P, around: Callable[[Injector, P], P], open_port: Callable[[P], Any]) -> P:
        """Return ``port`` with its faults ``around`` it; kept open where more may come by hand."""
        port = reduce(lambda behind, each: around(each, behind), self.injectors, port)
        if self._open is None:
            return port
        opened: P = open_port(port)
        self._open.ports.open(opened, around)
        return opened

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

    # ------------------------------------------------------------------ by hand

    @property
    def is_open(self) -> bool:
        """Whether faults can be added and lifted by hand."""
        return self._open is not None

    def next_ns(self, kind: type[Fault]) -> int:
        """Return from when on a fault of ``kind`` can be in, ns from the start of the run and in whole ms."""
        return self._from_now(injector_of(kind))

    def add(self, fault: Fault) -> None:
        """Put one more fault around its ports and follow it; it begins no earlier than `next_ns` said.

        Raises:
            AssertionError: the run is not open to hands.
        """
        self._begin(self._carry_out(self.put_around(fault)))

    def put_around(self, fault: Fault) -> FaultSwitch:
        """Put one more fault around its ports; return its switch, for whoever puts it in and out by command.

        Raises:
            AssertionError: the run is not open to hands.
        """
        injector = self._make(fault)
        self._open_run().put_around(injector)
        return injector.switch

    def lift_now(self, name: str) -> int | None:
        """Lift the fault called ``name`` as soon as it can be; return when, None if it is not in.

        If it comes again and again, it comes again. Ns from the start of the run.
        """
        injector = next((each for each in self.injectors if each.switch.name == name), None)
        if injector is None or not injector.switch.active:
            return None
        at_ns = self._from_now(type(injector))
        injector.switch.cut(at_ns)
        self._begin(self._lift_at(injector, at_ns))
        return at_ns

    def played(self) -> Iterator[tuple[Fault, tuple[Occurrence, ...] | None]]:
        """Yield each fault with its injections as hands have left them, None where they came as the scenario says."""
        for fault, switch in zip(self._faults, self._switches, strict=True):
            yield fault, None if switch.planned == switch.meant else switch.planned

    def next_of_traffic_ns(self) -> int:
        """Return from when on the traffic can be changed, as `next_ns`."""
        return self._from_now(FeedInjector)

    def _from_now(self, kind: type[Injector]) -> int:
        now_ns = self._clock.now_ns() - self._journal.start_ns + AHEAD_NS
        if kind.around_feed is not Injector.around_feed:
            now_ns = max(now_ns, self._open_run().traffic.looked_ns + 1)
        return -(-now_ns // NS_PER_MS) * NS_PER_MS

    def _open_run(self) -> OpenRun:
        if self._open is None:
            raise AssertionError("this run is not open to hands")
        return self._open

    async def _carry_out(self, switch: FaultSwitch) -> None:
        for at_ns, _, step in sorted(_steps_of(switch), key=lambda each: each[:2]):
            await self._clock.sleep_until_ns(self._journal.start_ns + at_ns)
            step()

    async def _lift_at(self, injector: Injector, at_ns: int) -> None:
        await self._clock.sleep_until_ns(self._journal.start_ns + at_ns)
        injector.switch.lift()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def lift_for_now(self) -> tuple[str, ...]:
        """Lift every fault that is in, the last one first, and return their names; they may come in again."""
        lifted = [switch for switch in reversed(self._switches) if switch.active]
        for switch in lifted:
            switch.lift()
        return tuple(switch.name for switch in lifted)

    def lift_all(self) -> None:
        """Lift every fault that is in, the last injected first; none comes in afterwards."""
        for task in self._under_way:
            task.cancel()
        for switch in reversed(self._switches):
            switch.close()

    @property
    def faults(self) -> Sequence[Fault]:
        """All of them, those added by hand the last."""
        return self._faults

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
        return [step for switch in self._switches for step in _steps_of(switch)]


def _steps_of(switch: FaultSwitch) -> Iterator[tuple[int, int, Callable[[], None]]]:
    for inject_at, lift_at in switch.planned:
        yield inject_at, 1, switch.inject
        if lift_at is not None:
            yield lift_at, 0, switch.lift
