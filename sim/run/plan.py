"""Everything that is settled before a run begins."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from actors.core.arrays import I64, Bool
from actors.core.clock import NS_PER_US
from actors.model.artifact import Artifact
from sim.chance import Streams
from sim.clocks.costs import Costs
from sim.clocks.modelled_waits import LookUpTime
from sim.feeds.feed import Block, Blocks
from sim.operator.blindfold import Blindfold
from sim.replay.events_section import events_spec
from sim.replay.known_cards import judged_rows
from sim.replay.traffic import FileTraffic
from sim.scenario.pace import world_spec
from sim.scenario.pipeline import mapped_source
from sim.scenario.scenario import Phase, Scenario
from sim.scenario.timeline import Cut, duration_ns
from sim.steps.mirrors import mirrors_for, with_mirrors
from sim.units import Rate
from sim.world.active_towns import PooledTown
from sim.world.arrivals import arrivals, mean_pieces
from sim.world.phases import RatedPhase
from sim.world.traffic import TrafficSpec

if TYPE_CHECKING:  # it imports polars, which a run of the synthetic world does without
    from sim.replay.contents import Contents


class Schedule:
    """Counts intended arrivals, chunk by chunk as time passes; asked with instants that do not decrease.

    Args:
        chunks: makes the intended arrivals anew, from the start of the run.
    """

    def __init__(self, chunks: Callable[[], Iterator[I64]]) -> None:
        self._make = chunks
        self._stale = True
        self._counted = 0
        self._chunk: I64 | None = None

    @staticmethod
    def of(spec: TrafficSpec) -> "Schedule":
        """Return the schedule of synthetic traffic: its arrivals, drawn a second time from the same streams."""
        return Schedule(lambda: arrivals(spec.phases, Streams(spec.seed)))

    def altered(self, change: Callable[[Iterator[I64]], Iterator[I64]]) -> "Schedule":
        """Return the schedule of what ``change`` makes of these arrivals."""
        return Schedule(lambda: change(self._make()))

    def recount(self) -> None:
        """Count from the start when next asked: the arrivals have turned out to be others, perhaps while counting."""
        self._stale = True

    def due_count(self, elapsed_ns: int) -> int:
        """Return how many are due within ``elapsed_ns`` of the start."""
        while self._stale or (self._chunk is not None and (not len(self._chunk) or self._chunk[-1] <= elapsed_ns)):
            if self._stale:
                self._begin()
            elif self._chunk is not None:
                self._counted += len(self._chunk)
                self._chunk = next(self._chunks, None)
        if self._chunk is None:
            return self._counted
        return self._counted + int(np.searchsorted(self._chunk, elapsed_ns, side="right"))

    def _begin(self) -> None:
        self._stale = False
        self._counted = 0
        self._chunks = self._make()
        self._chunk = next(self._chunks, None)


def needs_capacity(scenario: Scenario) -> bool:
    """Return whether any rate is a share of what the pipeline can do, so that it must be measured first."""
    rates = [rate for phase in scenario.phases for rate in (phase.rate, phase.ramp_to) if rate is not None]
    return any(rate.of_capacity is not None for rate in rates)


def traffic_spec(scenario: Scenario, capacity_per_s: float | None = None) -> TrafficSpec:
    """Return the traffic of a synthetic scenario.

    Args:
        scenario: without an events file.
        capacity_per_s: what ``1.5x capacity`` is a share of; may be None if no rate is one.
    """
    phases = tuple(_rated(phase, capacity_per_s) for phase in scenario.phases)
    return TrafficSpec(world=world_spec(scenario), phases=phases, seed=scenario.seed)


def _rated(phase: Phase, capacity_per_s: float | None) -> RatedPhase:
    if phase.duration is None or phase.rate is None:
        raise AssertionError("a synthetic scenario's phases have durations and rates; validation sees to it")
    return RatedPhase(
        name=phase.name,
        duration_ns=phase.duration,
        rate=_per_s(phase.rate, capacity_per_s),
        ramp_to=None if phase.ramp_to is None else _per_s(phase.ramp_to, capacity_per_s),
        arrivals=phase.arrivals,
    )


def _per_s(rate: Rate, capacity_per_s: float | None) -> float:
    if rate.of_capacity is not None and capacity_per_s is None:
        raise AssertionError("capacity must be measured before rates are resolved")
    return rate.resolve(capacity_per_s or 0.0)


@dataclass(frozen=True, slots=True)
class SyntheticLoad:
    """Transactions of the synthetic world, at intended times.

    Attributes:
        spec: what is planned.
        mirrors: copies of each town that changes of the rate may need.
    """

    spec: TrafficSpec
    mirrors: int = 0

    @property
    def start_us(self) -> int:
        """Event time at the start."""
        return self.spec.begins_us

    @property
    def expected_count(self) -> int:
        """How many transactions it has, about: arrivals swing around their mean."""
        return round(sum(float(mean_pieces(phase).expected.sum()) for phase in self.spec.phases))

    @property
    def speed(self) -> float | None:
        """Event seconds for each second of the run."""
        return self.spec.speed

    @property
    def length_ns(self) -> int:
        """How long it is sent for."""
        return sum(phase.duration_ns for phase in self.spec.phases)

    @property
    def skipped_rows(self) -> int:
        """No row is left out of what is made up."""
        return 0

    @property
    def labelled(self) -> bool:
        """Whether the truth is known."""
        return True

    @property
    def judged(self) -> Bool | None:
        """Every card is judged."""
        return None

    def schedule(self) -> Schedule | None:
        """Return when its transactions are due."""
        return Schedule.of(self.spec)

    def towns(self) -> tuple[PooledTown, ...]:
        """The towns that take part, or may."""
        return with_mirrors(self.spec.towns(), self.mirrors)

    @property
    def blocks(self) -> Blocks:
        """What the transactions are made from."""
        return self.spec


@dataclass(frozen=True, slots=True)
class FileLoad:
    """Transactions of a file.

    Attributes:
        traffic: the replayed period.
        contents: what that holds.
        speed: event seconds for each second of the run; None: as fast as the pipeline takes them.
        labelled: whether the file has labels.
        judged: which transactions, by number, the published protocol judges, bool (n,); None: it is not asked for.
        event_us: event times, int64 (n,), of a replay that has a schedule; None without one.
    """

    traffic: FileTraffic
    contents: "Contents"
    speed: float | None
    labelled: bool
    judged: Bool | None = None
    event_us: I64 | None = None

    @property
    def expected_count(self) -> int:
        """How many transactions it has."""
        return self.contents.rows

    @property
    def skipped_rows(self) -> int:
        """Rows of the period that are left out, as the column map says."""
        return self.contents.skipped_rows

    @property
    def length_ns(self) -> int | None:
        """How long it is sent for; None: as long as the pipeline takes."""
        if self.speed is None:
            return None
        return round((self.contents.last_us - self.contents.first_us) * (NS_PER_US / self.speed))

    def schedule(self) -> Schedule | None:
        """Return when its transactions are due; None without a schedule."""
        if self.event_us is None or self.speed is None:
            return None
        due_ns = ((self.event_us - self.start_us) * (NS_PER_US / self.speed)).astype(np.int64)
        return Schedule(lambda: iter([due_ns]))

    @property
    def start_us(self) -> int:
        """Event time at the start."""
        return self.traffic.start_us

    def towns(self) -> tuple[PooledTown, ...]:
        """No copies: the file's cards are all there are."""
        return ()

    @property
    def blocks(self) -> Blocks:
        """What the transactions are made from."""
        return self.traffic


@dataclass(frozen=True, slots=True)
class NoBlocks:
    """The transactions of a run that makes none."""

    def build(self) -> tuple[Block, ...]:
        """Return nothing."""
        return ()


@dataclass(frozen=True, slots=True)
class TopicLoad:
    """Messages that others write to a topic, while the run goes on: it makes none, and knows of none before.

    Attributes:
        blocks: what it makes: nothing.
    """

    blocks: Blocks = field(default_factory=NoBlocks)
    start_us: int = 0
    expected_count: int = 0
    speed: float | None = 1.0
    length_ns: int | None = None
    skipped_rows: int = 0
    labelled: bool = False
    judged: Bool | None = None

    def schedule(self) -> Schedule | None:
        """Return None: others say when messages come."""
        return None

    def towns(self) -> tuple[PooledTown, ...]:
        """No copies: whoever has written to the topic is all there is."""
        return ()


Load = SyntheticLoad | FileLoad | TopicLoad


@dataclass(frozen=True, slots=True)
class Plan:
    """What a lifecycle runs.

    Attributes:
        scenario: as run, overrides and cut applied.
        artifact: the model.
        clock: real or virtual.
        load: what arrives.
        folder: where files go; there and empty.
        capacity_per_s: what shares of capacity were resolved with; None if none was needed.
        cut: what ``--duration`` left out.
        started_epoch_s: wall time at the start; 0 on a virtual clock.
        warnings: one line each, for screen and summary.
        candidates: folder of the model that a step of the scenario brings, by the step's name.
        costs: what jobs take on a virtual clock.
        noise: how much those times vary: sigma of their logarithm; 0 not at all.
        by_hand: whether someone sits at its screen who may change it.
        look_up: what look-ups take on either clock; None: as long as the store in memory needs.
        blind: hides in a drill what the scenario would give away; None hides nothing.
        measured: whether it leaves behind every metric of every span too, for who asks about this one run.
        reported: whether the run leaves behind what a report of it is made of.
        overrides: as on the command line, for that report.
        written: the scenario as it was written, for that report too; "" where it is in no file.
    """

    scenario: Scenario
    artifact: Artifact
    clock: Literal["real", "virtual"]
    load: Load
    folder: Path
    capacity_per_s: float | None = None
    cut: Cut | None = None
    started_epoch_s: float = 0.0
    warnings: tuple[str, ...] = field(default=())
    candidates: Mapping[str, Path] = field(default_factory=dict)
    costs: Costs = field(default_factory=Costs)
    noise: float = 0.0
    look_up: LookUpTime | None = None
    by_hand: bool = False
    blind: Blindfold | None = None
    measured: bool = False
    reported: bool = False
    overrides: tuple[str, ...] = ()
    written: str = ""

    @property
    def label_delay_us(self) -> int:
        """Event time from a transaction to its label."""
        events = self.scenario.events
        delay_ns = self.scenario.world.label_delay if events is None else events.label_delay
        return delay_ns // NS_PER_US

    @property
    def writes_struck(self) -> bool:
        """Whether a fault strikes single writes of the decision log, here or in the run this one is compared with."""
        left_out = () if self.cut is None else self.cut.left_out
        return any(fault.strikes_writes for fault in (*self.scenario.faults, *left_out))


def planned_ns(scenario: Scenario, load: Load) -> int | None:
    """Return how long a run sends for; None where it sends as fast as the pipeline takes it."""
    said = duration_ns(scenario)
    return load.length_ns if said is None else said


def load_of(scenario: Scenario, capacity_per_s: float | None = None, contents: "Contents | None" = None) -> Load:
    """Return what arrives in ``scenario``.

    Args:
        scenario: what is run.
        capacity_per_s: what ``1.5x capacity`` is a share of; may be None if no rate is one.
        contents: what is replayed of its file, where that was counted already.

    Raises:
        TransactionFileError: its file cannot be replayed.
    """
    if mapped_source(scenario.pipeline) is not None:
        return TopicLoad()
    if scenario.events is None:
        return SyntheticLoad(traffic_spec(scenario, capacity_per_s), mirrors_for(scenario.steps))
    from sim.replay.event_file import EventFile

    before = None if contents is None else contents.found
    file = EventFile.open(replace(events_spec(scenario.events), found=before))
    spec = file.spec
    contents = contents or file.contents(spec.replay)
    event_us = None if spec.speed is None else file.times(spec.replay)
    judged = judged_rows(spec) if spec.known_card_filter else None
    traffic = FileTraffic(spec, contents.first_us)
    return FileLoad(traffic, contents, spec.speed, spec.labelled, judged, event_us)
