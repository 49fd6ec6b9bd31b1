"""Snapshots as frames: everything the screen shows, computed here, so that drawing needs no arithmetic.

A section of the frame is filled by one function; a panel that shows metrics as they are needs none.
"""

from dataclasses import dataclass, field

import msgspec

from actors.core.batches import Decision, Mode
from actors.core.clock import NS_PER_S
from actors.core.errors import printable
from actors.features.catalogue import STALE_AFTER_S
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.stages import BUDGET_P50_US, TARGET_P95_US, Stage
from actors.telemetry.window import Window
from dashboard import frame as show
from dashboard.layout import SHOWN_METRICS
from dashboard.panels.flow import ActorLevel, MailboxLevel, PipelineFlow
from dashboard.panels.health import BreakerReading, FeatureStoreHealth, Memory
from dashboard.panels.latency import Latency, Stages, StageTime
from dashboard.panels.model import Drift, QualityFigures, Scores
from dashboard.panels.workers import WorkerRow, Workers
from sim.faults.fault import Fault, FaultRecord
from sim.frames.inputs import FrameInputs, RunFacts, RunSeries
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Span, fault_spans, phase_spans
from sim.steps.step import StepState
from sim.units import Rate

ERROR_TARGET = 0.001
PSI_LIMIT = 0.2
STORE_TARGET_US = 5_000.0
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
class Frames:
    """Makes frames of one run."""

    facts: RunFacts
    run_series: RunSeries = field(default_factory=RunSeries)

    def build(self, inputs: FrameInputs) -> show.Frame:
        """Return the frame that shows ``inputs``."""
        workers = inputs.parts.worker_rows()
        return show.Frame(
            header=self._header(inputs),
            throughput=self._throughput(inputs),
            errors=_errors(inputs),
            money=_money(inputs) if self.facts.labelled else None,
            decisions=tuple(_share("decision", each.label, inputs) for each in Decision),
            modes=tuple(_share("mode", each.label, inputs) for each in Mode),
            alerts=_alerts(inputs),
            timeline=self._timeline(inputs),
            expectations=tuple(
                show.ExpectationRow(
                    name=each.name,
                    wanted=each.wanted,
                    state=each.state,
                    value=_figures(each.value),
                    note=each.note,
                    samples=each.counted,
                )
                for each in inputs.expectations
            ),
            ledger=inputs.now.ledger,
            skipped_rows=self.facts.skipped_rows,
            figures={name: _figure(name, inputs) for name in SHOWN_METRICS},
        ).showing(
            self._latency(),
            Stages(tuple(_stage(each, inputs) for each in SHOWN_STAGES)),
            _scores(inputs),
            _feature_store(inputs),
            self._memory(inputs),
            _drift(inputs),
            self._quality(inputs) if self.facts.labelled else None,
            _pipeline(inputs, workers),
            Workers(workers) if workers else None,
        )

    def _header(self, inputs: FrameInputs) -> show.Header:
        scenario = self.facts.scenario
        planned_ns = self.facts.planned_ns
        elapsed_s = _elapsed_s(inputs.now)
        return show.Header(
            scenario=scenario.name,
            clock=self.facts.clock,
            state=inputs.state,
            phase=_phase_at(scenario, elapsed_s),
            elapsed_s=elapsed_s,
            planned_s=None if planned_ns is None else planned_ns / NS_PER_S,
            verdict=inputs.verdict,
            seed=scenario.seed,
            model=inputs.now.gauges.model,
            engine=inputs.now.gauges.engine,
            hypothesis=printable(" ".join(scenario.hypothesis.split())),
            warnings=inputs.warnings,
        )

    def _throughput(self, inputs: FrameInputs) -> show.Throughput:
        offered = inputs.now.ledger.offered  # those due at the very start, too, which no window has
        return show.Throughput(
            offered_run_per_s=_ratio(offered, inputs.whole.span_s),
            offered=self.run_series.offered.series(),
            achieved=self.run_series.achieved.series(),
            capacity_per_s=self.facts.capacity_per_s,
        )

    def _latency(self) -> Latency:
        return Latency(
            p50_target_us=BUDGET_P50_US[Stage.LATENCY],
            p95_target_us=TARGET_P95_US[Stage.LATENCY],
            p99_target_us=None,
            p50=self.run_series.p50.series(),
            p95=self.run_series.p95.series(),
            p99=self.run_series.p99.series(),
        )

    def _memory(self, inputs: FrameInputs) -> Memory | None:
        used = inputs.now.memory_bytes
        if used is None:
            return None
        return Memory(
            used_bytes=used, limit_bytes=self.facts.memory_limit_bytes, series=self.run_series.memory.series()
        )

    def _quality(self, inputs: FrameInputs) -> QualityFigures:
        money = inputs.quality
        return QualityFigures(
            rolling_auc=inputs.rolling_auc,
            target_auc=AUC_TARGET,
            recall_run_ratio=_ratio(money.detected_count, money.fraud_count),
            false_positive_run_ratio=_ratio(money.wrongly_blocked_count, money.legitimate_count),
            labelled_run_count=money.labelled_count,
            decided_run_count=inputs.now.ledger.decided,
            auc=self.run_series.auc.series(),
        )

    def _timeline(self, inputs: FrameInputs) -> show.Timeline:
        scenario, end_s = self.facts.scenario, _elapsed_s(inputs.now)
        played = msgspec.structs.replace(scenario, faults=tuple(inputs.parts.faults.faults))
        spans = phase_spans(scenario)
        phases = tuple(
            show.PhaseSpan(
                name=phase.name,
                start_s=spans[phase.name].start_ns / NS_PER_S,
                end_s=max(end_s, 1.0) if (until := spans[phase.name].end_ns) is None else until / NS_PER_S,
                rate_per_s=self._per_s(phase.rate) or (read("throughput", inputs.whole) or 0.0),
                ramp_to_per_s=self._per_s(phase.ramp_to),
            )
            for phase in scenario.phases
        )
        faults = tuple(
            show.FaultSpan(
                name=fault.name,
                start_s=span.start_ns / NS_PER_S,
                end_s=_end_s(fault, span, record),
                state=record.state,
            )
            for fault, span, record in zip(
                played.faults, fault_spans(played).values(), inputs.parts.faults.records(), strict=True
            )
        )
        steps = tuple(
            show.StepMark(name=step.name, at_s=step.at / NS_PER_S, state=STEP_WORDS[record.state])
            for step, record in zip(inputs.parts.steps.steps, inputs.parts.steps.records(), strict=True)
        )
        return show.Timeline(phases, faults, steps)

    def _per_s(self, rate: Rate | None) -> float | None:
        return None if rate is None else rate.resolve(self.facts.capacity_per_s or 0.0)


def _end_s(fault: Fault, span: Span, record: FaultRecord) -> float | None:
    """Return when a fault ends, or has ended before its time; None for a one-shot."""
    if fault.lift_at is None or span.end_ns is None:
        return None
    planned_s = span.end_ns / NS_PER_S
    over = record.lifted_at_s is not None and record.state == "lifted" and fault.repeat is None
    return min(planned_s, record.lifted_at_s or planned_s) if over else planned_s


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


def _p50(window: Window, stage: Stage) -> float | None:
    value = window.latency(stage).percentile_us(50.0)
    return None if value is None else float(value)


def _figure(metric: str, inputs: FrameInputs) -> show.Figure:
    """Return a metric under its own name."""
    return show.Figure(read(metric, inputs.recent), read(metric, inputs.whole))


def _stage(stage: Stage, inputs: FrameInputs) -> StageTime:
    """Return how long a stage takes, with its budget."""
    budget = BUDGET_P50_US.get(stage)
    return StageTime(
        stage=stage.value,
        p50_10s_us=_p50(inputs.recent, stage),
        p50_run_us=_p50(inputs.whole, stage),
        budget_us=None if budget is None else float(budget),
    )


def _scores(inputs: FrameInputs) -> Scores:
    """Return how the scores of the last 10 s are spread, with what the serving model's were in training."""
    scores, reference = inputs.recent.scores, inputs.parts.telemetry.reference
    thresholds = inputs.parts.slot.current.thresholds
    return Scores(
        counts_10s=scores.bins,
        mean_10s=scores.sum / scores.total if scores.total else None,
        reference_mean=None if reference is None else reference.score_mean,
        review_threshold=thresholds.review,
        block_threshold=thresholds.block,
    )


def _errors(inputs: FrameInputs) -> show.Errors:
    """Return what ended badly, by cause."""
    ledger = inputs.now.ledger
    poison = ledger.dead_letters.get("poison", 0)
    return show.Errors(
        target_ratio=ERROR_TARGET,
        causes=(
            ("default", inputs.now.decided_by_mode[Mode.DEFAULT]),
            ("log failed", ledger.log_failed),
            ("undelivered", ledger.undelivered),
            ("poison", poison),
        ),
        invalid_run_count=ledger.dead_lettered - poison,
        duplicate_run_count=ledger.duplicate,
    )


def _feature_store(inputs: FrameInputs) -> FeatureStoreHealth:
    """Return how the look-ups went, and how old the batch tier is."""
    recent = inputs.recent
    errors = read("feature_store.error_ratio", recent)
    stale = read("feature_store.stale_ratio", recent)
    miss = read("feature_store.miss_ratio", recent)
    return FeatureStoreHealth(
        hit_10s_ratio=None if miss is None or stale is None else max(0.0, 1 - miss - stale),
        miss_10s_ratio=None if miss is None else max(0.0, miss - (errors or 0.0)),  # the rest is in error
        p95_target_us=STORE_TARGET_US,
        age_s=inputs.now.gauges.batch_age_s,
        stale_after_s=float(STALE_AFTER_S),
        breaker=_breaker(inputs),
    )


def _breaker(inputs: FrameInputs) -> BreakerReading | None:
    """Return how the feature store's breaker stands."""
    breaker = inputs.parts.pipeline.breaker
    if breaker is None:
        return None
    age_s = max(0.0, (inputs.now.at_ns - breaker.since_ns) / NS_PER_S)
    return BreakerReading(state=breaker.state.value, age_s=age_s, trips_run_count=breaker.trip_count)


def _drift(inputs: FrameInputs) -> Drift | None:
    """Return the PSI of each feature, highest first; None with too few rows."""
    found = inputs.drift.psi_by_feature
    if not found:
        return None
    ranked = tuple(sorted(found.items(), key=lambda pair: -pair[1]))
    rows = inputs.drift.newer.features.rows - inputs.drift.older.features.rows
    return Drift(features=ranked, limit=PSI_LIMIT, samples_count=rows, covers="last minute")


def _money(inputs: FrameInputs) -> show.MoneyFigures:
    """Return what the labelled decisions were worth."""
    money, now = inputs.quality, inputs.now
    reviews = sum(row[Decision.REVIEW] for row in now.decisions) if money.review_count is None else money.review_count
    return show.MoneyFigures(
        loss=money.loss,
        prevented=money.prevented,
        wrongly_blocked=money.wrongly_blocked,
        wrongly_blocked_run_count=money.wrongly_blocked_count,
        review_run_count=reviews,
        labelled_run_count=money.labelled_count,
        decided_run_count=now.ledger.decided,
    )


def _pipeline(inputs: FrameInputs, workers: tuple[WorkerRow, ...]) -> PipelineFlow:
    """Return mailboxes and actors, in the order of the flow."""
    now, recent = inputs.now, inputs.recent
    before = {box.name: box.blocked_s for box in recent.older.gauges.mailboxes}
    span_s = recent.span_s
    processes = max(1, sum(worker.state == "live" for worker in workers))
    actors = tuple(
        ActorLevel(
            name=actor.name,
            busy_10s_ratio=_each(recent.rate(lambda each, name=actor.name: _busy_s(each, name)), processes),  # type: ignore[misc]
            state=actor.state,
            restarts_run_count=actor.restarts,
            rows_10s_per_s=recent.rate(lambda each, name=actor.name: _rows(each, name)),  # type: ignore[misc]
        )
        for actor in now.gauges.actors
    )
    mailboxes = tuple(
        MailboxLevel(
            name=box.name,
            depth=box.depth,
            capacity=box.capacity,
            blocked=box.depth >= box.capacity,
            blocked_10s_ratio=min(1.0, (box.blocked_s - before.get(box.name, 0.0)) / span_s) if span_s else 0.0,
        )
        for box in now.gauges.mailboxes
    )
    return PipelineFlow(actors, mailboxes)


def _each(rate: float | None, processes: int) -> float | None:
    """Return what is one process's share of ``rate``."""
    return None if rate is None else rate / processes


def _busy_s(snapshot: Snapshot, actor: str) -> float:
    work = snapshot.work.get(actor)
    return 0.0 if work is None else work.busy_ns / NS_PER_S


def _rows(snapshot: Snapshot, actor: str) -> float:
    if actor == "producer":
        return snapshot.ledger.produced
    work = snapshot.work.get(actor)
    return 0.0 if work is None else work.rows


def _share(kind: str, label: str, inputs: FrameInputs) -> show.Share:
    """Return a decision's or a mode's share of all decisions."""
    name = f"{kind}.{label}.ratio"
    decisions = inputs.now.decisions
    if kind == "mode":
        count = sum(decisions[Mode[label.upper()]])
    else:
        count = sum(row[Decision[label.upper()]] for row in decisions)
    return show.Share(label, read(name, inputs.recent), read(name, inputs.whole), count)


def _alerts(inputs: FrameInputs) -> tuple[show.AlertRow, ...]:
    """Return where each alert stands."""
    now_ns = inputs.now.at_ns
    return tuple(
        show.AlertRow(
            name=alert.alert,
            state=alert.state,  # type: ignore[arg-type]
            age_s=max(0.0, (now_ns - alert.since_ns) / NS_PER_S),
            severity=alert.severity,
            value=alert.text,
            tells=alert.told,
        )
        for alert in inputs.now.alerts
    )


def _ratio(part: float, whole: float) -> float | None:
    """Return ``part / whole``, None where there is nothing to share."""
    return part / whole if whole else None
