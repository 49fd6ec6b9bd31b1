"""Snapshots as frames: everything the screen shows, computed here, so that drawing needs no arithmetic."""

from dataclasses import dataclass, field
from typing import Literal

from actors.core.batches import Decision, Mode
from actors.core.clock import NS_PER_S
from actors.core.errors import printable
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.snapshot import Quality, Snapshot
from actors.telemetry.stages import BUDGET_P50_US, TARGET_P95_US, Stage
from actors.telemetry.window import Window
from dashboard import frame as show
from dashboard.charts import BoundedSeries
from sim.run.frame_sections import (
    FrameInputs,
    alerts,
    drift,
    errors,
    feature_store,
    money,
    percentiles,
    pipeline,
    ratio,
    share,
    stage,
)
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import fault_spans, phase_spans
from sim.steps.step import StepState
from sim.units import Rate


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


AUC_TARGET = 0.95
STEP_WORDS: dict[StepState, show.StepWord] = {
    "waiting": "waiting",
    "under_way": "under way",
    "done": "done",
    "refused": "refused",
}
SHOWN_STAGES = (
    Stage.ASSEMBLER_WAITING,
    Stage.PARSE,
    Stage.STORE,
    Stage.FEATURES,
    Stage.SCORER_WAITING,
    Stage.INFERENCE,
    Stage.DECIDE,
    Stage.LOGGER_WAITING,
    Stage.LOG,
)


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
class Frames:
    """Makes frames of one run."""

    facts: RunFacts
    run_series: RunSeries = field(default_factory=RunSeries)

    def build(self, moment: FrameInputs) -> show.Frame:
        """Return the frame of a moment."""
        return show.Frame(
            header=self._header(moment),
            throughput=self._throughput(moment),
            latency=self._latency(moment),
            stages=tuple(stage(each, moment) for each in SHOWN_STAGES),
            errors=errors(moment),
            scores=self._scores(moment),
            feature_store=feature_store(moment),
            memory=self._memory(moment),
            drift=drift(moment),
            quality=self._quality(moment) if self.facts.labelled else None,
            money=money(moment) if self.facts.labelled else None,
            pipeline=pipeline(moment),
            decisions=tuple(share("decision", each.label, moment) for each in Decision),
            modes=tuple(share("mode", each.label, moment) for each in Mode),
            alerts=alerts(moment),
            timeline=self._timeline(moment),
            expectations=tuple(
                show.ExpectationRow(
                    name=each.name,
                    wanted=each.wanted,
                    state=each.state,
                    value=_figures(each.value),
                    note=each.note,
                    samples=each.counted,
                )
                for each in moment.expectations
            ),
            ledger=moment.now.ledger,
            skipped_rows=self.facts.skipped_rows,
        )

    def _header(self, moment: FrameInputs) -> show.Header:
        scenario = self.facts.scenario
        planned_ns = self.facts.planned_ns
        elapsed_s = _elapsed_s(moment.now)
        return show.Header(
            scenario=scenario.name,
            clock=self.facts.clock,
            state=moment.state,
            phase=_phase_at(scenario, elapsed_s),
            elapsed_s=elapsed_s,
            planned_s=None if planned_ns is None else planned_ns / NS_PER_S,
            verdict=moment.verdict,
            seed=scenario.seed,
            model=moment.now.gauges.model,
            engine=moment.now.gauges.engine,
            hypothesis=printable(" ".join(scenario.hypothesis.split())),
            warnings=moment.warnings,
        )

    def _throughput(self, moment: FrameInputs) -> show.Throughput:
        recent, whole = moment.recent, moment.whole
        return show.Throughput(
            offered_10s_per_s=read("offered_rate", recent),
            achieved_10s_per_s=read("throughput", recent),
            offered_run_per_s=ratio(moment.now.ledger.offered, whole.span_s),  # those due at the very start, too
            achieved_run_per_s=read("throughput", whole),
            offered=self.run_series.offered.series(),
            achieved=self.run_series.achieved.series(),
            capacity_per_s=self.facts.capacity_per_s,
        )

    def _latency(self, moment: FrameInputs) -> show.Latency:
        return show.Latency(
            last_10s=percentiles(moment.recent),
            run=percentiles(moment.whole),
            p50_target_us=BUDGET_P50_US[Stage.LATENCY],
            p95_target_us=TARGET_P95_US[Stage.LATENCY],
            p99_target_us=None,
            p50=self.run_series.p50.series(),
            p95=self.run_series.p95.series(),
            p99=self.run_series.p99.series(),
        )

    def _scores(self, moment: FrameInputs) -> show.Scores:
        scores = moment.recent.scores
        return show.Scores(
            counts_10s=scores.bins,
            mean_10s=scores.sum / scores.total if scores.total else None,
            reference_mean=moment.reference_mean,
            review_threshold=moment.thresholds.review,
            block_threshold=moment.thresholds.block,
        )

    def _memory(self, moment: FrameInputs) -> show.Memory | None:
        used = moment.now.memory_bytes
        if used is None:
            return None
        return show.Memory(
            used_bytes=used, limit_bytes=self.facts.memory_limit_bytes, series=self.run_series.memory.series()
        )

    def _quality(self, moment: FrameInputs) -> show.QualityFigures:
        money = moment.quality
        return show.QualityFigures(
            rolling_auc=moment.rolling_auc,
            target_auc=AUC_TARGET,
            recall_run_ratio=ratio(money.detected_count, money.fraud_count),
            false_positive_run_ratio=ratio(money.wrongly_blocked_count, money.legitimate_count),
            labelled_run_count=money.labelled_count,
            decided_run_count=moment.now.ledger.decided,
            auc=self.run_series.auc.series(),
        )

    def _timeline(self, moment: FrameInputs) -> show.Timeline:
        scenario, end_s = self.facts.scenario, _elapsed_s(moment.now)
        spans = phase_spans(scenario)
        phases = tuple(
            show.PhaseSpan(
                name=phase.name,
                start_s=spans[phase.name].start_ns / NS_PER_S,
                end_s=max(end_s, 1.0) if (until := spans[phase.name].end_ns) is None else until / NS_PER_S,
                rate_per_s=self._per_s(phase.rate) or (read("throughput", moment.whole) or 0.0),
                ramp_to_per_s=self._per_s(phase.ramp_to),
            )
            for phase in scenario.phases
        )
        faults = tuple(
            show.FaultSpan(
                name=fault.name,
                start_s=span.start_ns / NS_PER_S,
                end_s=None if fault.lift_at is None or span.end_ns is None else span.end_ns / NS_PER_S,
                state=record.state,
            )
            for fault, span, record in zip(scenario.faults, fault_spans(scenario).values(), moment.faults, strict=True)
        )
        steps = tuple(
            show.StepMark(name=step.name, at_s=step.at / NS_PER_S, state=STEP_WORDS[record.state])
            for step, record in zip(scenario.steps, moment.steps, strict=True)
        )
        return show.Timeline(phases, faults, steps)

    def _per_s(self, rate: Rate | None) -> float | None:
        return None if rate is None else rate.resolve(self.facts.capacity_per_s or 0.0)


def _figures(seen: str) -> str:
    """Return what was seen without the names, which the rule beside it has in the same order.

    Example:
        >>> _figures("throughput = 991 /s, offered_rate = 992 /s")
        '991 /s, 992 /s'
    """
    return ", ".join(part.rsplit(" = ", 1)[-1] for part in seen.split(", "))


def _elapsed_s(snapshot: Snapshot) -> float:
    return max(0.0, (snapshot.at_ns - snapshot.started_ns) / NS_PER_S)


def _phase_at(scenario: Scenario, elapsed_s: float) -> str | None:
    for name, span in phase_spans(scenario).items():
        if span.end_ns is None or elapsed_s < span.end_ns / NS_PER_S:
            return name
    return None
