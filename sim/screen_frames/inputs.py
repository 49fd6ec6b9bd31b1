"""What a frame is made of: facts that hold for the whole run, the reading of an instant, the course so far."""

from dataclasses import dataclass
from typing import Literal

from actors.core.clock import NS_PER_S
from actors.telemetry.snapshot import Quality, Snapshot
from actors.telemetry.stages import Stage
from actors.telemetry.window import Window
from dashboard import frame as show
from dashboard.charts import BoundedSeries
from sim.judging.result import ExpectationResult
from sim.outcomes.quality_tracker import LiveMoney
from sim.run_parts import RunParts
from sim.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What does not change in a run.

    Attributes:
        scenario: as run.
        clock: the kind of clock.
        memory_limit_bytes: what the memory alert is measured against.
        capacity_per_s: what shares of capacity were resolved with.
        labelled: whether the truth will ever be known.
        planned_ns: how long the run sends for; None: as long as the pipeline takes.
        skipped_rows: of a file, left out as its column map says.
    """

    scenario: Scenario
    clock: Literal["real", "virtual"]
    memory_limit_bytes: int
    capacity_per_s: float | None
    labelled: bool
    planned_ns: int | None
    skipped_rows: int = 0


@dataclass(frozen=True, slots=True)
class FrameInputs:
    """What a frame is made of, apart from the facts.

    Attributes:
        recent: the last 10 s.
        whole: the run so far.
        quality: sums over labelled decisions.
        rolling_auc: of the latest labelled decisions.
        drift: the window that PSI is taken over: the last minute, for enough rows.
        parts: of the run, which are read as they stand.
    """

    state: show.RunState
    verdict: show.VerdictWord
    recent: Window
    whole: Window
    drift: Window
    quality: LiveMoney
    rolling_auc: float | None
    expectations: tuple[ExpectationResult, ...]
    parts: RunParts
    warnings: tuple[str, ...] = ()

    @property
    def now(self) -> Snapshot:
        """The latest snapshot."""
        return self.recent.newer


class RunSeries:
    """Histories of rates, latencies, memory and AUC; fed with each snapshot of the monitor."""

    def __init__(self) -> None:
        self.offered = BoundedSeries()
        self.achieved = BoundedSeries()
        self.p50 = BoundedSeries(keep="max")
        self.p95 = BoundedSeries(keep="max")
        self.p99 = BoundedSeries(keep="max")
        self.memory = BoundedSeries(keep="max")
        self.auc = BoundedSeries()
        self._last: Snapshot | None = None

    def add(self, snapshot: Snapshot, quality: Quality | None) -> None:
        """Take in what happened since the last snapshot."""
        at_s = (snapshot.at_ns - snapshot.started_ns) / NS_PER_S
        if self._last is not None and snapshot.at_ns > self._last.at_ns:
            window = Window(self._last, snapshot)
            self.offered.add(at_s, window.rate(lambda each: each.ledger.offered))
            self.achieved.add(at_s, window.rate(lambda each: each.ledger.decided))
            latency = window.latency(Stage.LATENCY)
            for history, percent in ((self.p50, 50.0), (self.p95, 95.0), (self.p99, 99.0)):
                history.add(at_s, latency.percentile_us(percent))
        self.memory.add(at_s, snapshot.memory_bytes)
        self.auc.add(at_s, None if quality is None else quality.live_roc_auc)
        self._last = snapshot
