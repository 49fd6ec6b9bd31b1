"""The figures of a run from its last snapshot, its outcomes, its verdict; of each phase and fault too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from actors.core.batches import Decision, Mode
from actors.core.clock import NS_PER_S
from actors.model.engine import EngineKind
from actors.telemetry.histogram_counts import HIGHEST_US, HistogramCounts
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.metrics.latency import PERCENTS
from actors.telemetry.snapshot import AlertReading, Snapshot
from actors.telemetry.stages import BUDGET_P50_US, Stage
from actors.telemetry.window import Window
from sim.faults.fault import FaultRecord
from sim.judging.abort import Aborted
from sim.judging.alert_grades import AlertGrades
from sim.judging.judge import Judge
from sim.judging.result import ExpectationResult
from sim.judging.verdict import Verdict
from sim.judging.windows import Windows
from sim.outcomes.money import Business, Outcomes, business
from sim.outcomes.score_quality import score_quality
from sim.report.summary import (
    AlertOutcome,
    DecisionCounts,
    FaultCost,
    FeatureStoreUse,
    ModeCounts,
    SpanFigures,
    StageTimes,
    StreamFigures,
    Summary,
)
from sim.scenario.render import digest
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Span, phase_spans
from sim.steps.step import StepRecord

US_PER_MS = 1_000


def times_in_ms(counts: HistogramCounts) -> dict[str, float | None]:
    """Return percentiles, mean and maximum in milliseconds by their keys, None without values."""
    times = {f"{name}_ms": in_ms(counts.percentile_us(percent)) for name, percent in PERCENTS.items()}
    return {**times, "mean_ms": in_ms(counts.mean_us), "max_ms": in_ms(counts.max_us)}


def at_least(times: Mapping[str, float | None]) -> tuple[str, ...]:
    """Return the keys of those percentiles that are lower bounds, since no counter reaches as far as the true ones.

    Example:
        >>> at_least({"p50_ms": 12.0, "p99_ms": 3_600_000.001, "max_ms": 9_000_000.0})
        ('p99_ms',)
    """
    bounded = (key for key in times if key.removesuffix("_ms") in PERCENTS)
    return tuple(key for key in bounded if (times[key] or 0.0) * US_PER_MS > HIGHEST_US)


def in_ms(value_us: float | None) -> float | None:
    """Return milliseconds; None stays None."""
    return None if value_us is None else value_us / US_PER_MS


def span_figures(
    scenario: Scenario, faults: Mapping[str, Span], windows: Windows, outcomes: Outcomes
) -> tuple[SpanFigures, ...]:
    """Return the figures of each phase, then of each of the ``faults``, that the run came to."""
    named: list[tuple[str, Mapping[str, Span]]] = [("phase", phase_spans(scenario)), ("fault", faults)]
    return tuple(
        _figures(name, kind, span, window, outcomes.during(span.start_ns, span.end_ns))
        for kind, spans in named
        for name, span in spans.items()
        if (window := windows.over(span)) is not None
    )


def _figures(name: str, kind: str, span: Span, window: Window, outcomes: Outcomes) -> SpanFigures:
    latency = times_in_ms(window.latency(Stage.LATENCY))
    ratios = {mode.label: read(f"mode.{mode.label}.ratio", window) for mode in Mode}
    return SpanFigures(
        name=name,
        kind="fault" if kind == "fault" else "phase",
        start_s=span.start_ns / NS_PER_S,
        end_s=None if span.end_ns is None else span.end_ns / NS_PER_S,
        offered_per_s=read("offered_rate", window),
        throughput_per_s=read("throughput", window),
        latency_p50_ms=latency["p50_ms"],
        latency_p95_ms=latency["p95_ms"],
        latency_p99_ms=latency["p99_ms"],
        latency_max_ms=latency["max_ms"],
        at_least=tuple(f"latency_{key}" for key in at_least(latency) if key != "p99_9_ms"),
        error_rate=read("error_ratio", window),
        modes={mode: ratio for mode, ratio in ratios.items() if ratio},
        business=business(outcomes),
        quality=score_quality(outcomes),
    )


def fault_costs(spans: Mapping[str, Span], outcomes: Outcomes) -> tuple[FaultCost, ...]:
    """Return what each fault cost, against the transactions that arrived while no fault was in."""
    calm = np.ones(len(outcomes), dtype=np.bool_)
    for span in spans.values():
        calm &= (outcomes.arrival_ns < span.start_ns) | (outcomes.arrival_ns >= (span.end_ns or np.inf))
    otherwise = business(outcomes, calm)
    return tuple(
        _cost(name, business(outcomes.during(span.start_ns, span.end_ns)), otherwise) for name, span in spans.items()
    )


def _cost(name: str, during: Business, otherwise: Business) -> FaultCost:
    lost = None if during.recall is None or otherwise.recall is None else otherwise.recall - during.recall
    return FaultCost(
        fault=name,
        recall_during=during.recall,
        recall_otherwise=otherwise.recall,
        recall_lost=lost,
        money_lost=_money_lost(during, otherwise),
    )


def _money_lost(during: Business, otherwise: Business) -> float | None:
    if not during.fraud_amount or not otherwise.fraud_amount:
        return None
    stopped = otherwise.fraud_prevented / otherwise.fraud_amount
    return stopped * during.fraud_amount - during.fraud_prevented


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that has ended, with all that its summary is made of.

    Attributes:
        scenario: as run, after any cut.
        fault_spans: of its faults as they came, those by hand too.
        first: the snapshot when the run began.
        last: the snapshot after the drain.
        judge: of this run, finished.
        expectations: as they ended, skipped ones included.
        steps: what came of each.
        outcomes: of every decision, with the labels that are known.
        grades: how the alerts did.
        judged: those of them that the published protocol judges; None where it is not asked for.
        model: digest of the model that served at the end.
        engine: what scored with it.
        held_out: that model's figures on held-out data, by name, from its manifest.
        calibration: digest of the service times, on the virtual clock.
        skipped_rows: of a file, left out as its column map says.
        capacity_per_s: what the pipeline can do, where that was measured.
        trace_hash: of decision log and journal, on the virtual clock.
        by_hand: what was changed at the screen, a line each.
    """

    scenario: Scenario
    fault_spans: Mapping[str, Span]
    first: Snapshot
    last: Snapshot
    judge: Judge
    verdict: Verdict
    expectations: Sequence[ExpectationResult]
    faults: Sequence[FaultRecord]
    outcomes: Outcomes
    grades: AlertGrades = field(default_factory=AlertGrades)
    steps: Sequence[StepRecord] = ()
    judged: Outcomes | None = None
    skipped: Sequence[str] = ()
    warnings: Sequence[str] = ()
    model: str | None = None
    engine: EngineKind | None = None
    held_out: Mapping[str, float | None] = field(default_factory=dict)
    calibration: str | None = None
    trace_hash: str | None = None
    capacity_per_s: float | None = None
    skipped_rows: int = 0
    git: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    stream: StreamFigures | None = None
    aborted: Aborted | None = None
    by_hand: Sequence[str] = ()


def summarise(run: Finished) -> Summary:
    """Return the summary of a run."""
    scenario, last, verdict = run.scenario, run.last, run.verdict
    window = Window(run.first, last)
    worth, live = business(run.outcomes), score_quality(run.outcomes)
    latency = times_in_ms(last.stages.get(Stage.LATENCY, HistogramCounts()))
    mean, deviation = _scores(run.outcomes)
    return Summary(
        scenario=scenario.name,
        scenario_digest=digest(scenario),
        hypothesis=scenario.hypothesis,
        seed=scenario.seed,
        clock=scenario.clock,
        model=run.model,
        engine=run.engine,
        calibration=run.calibration,
        trace_hash=run.trace_hash,
        verdict=verdict.verdict,
        exit_code=verdict.exit_code,
        reasons=verdict.reasons,
        failures=verdict.failures,
        skipped=tuple(run.skipped),
        by_hand=tuple(run.by_hand),
        duration_s=window.span_s,
        events_processed=last.ledger.produced - last.ledger.in_flight,
        fraud_detected=worth.fraud_detected,
        actual_fraud=worth.actual_fraud,
        latency_p50_ms=latency["p50_ms"],
        latency_p95_ms=latency["p95_ms"],
        latency_p99_ms=latency["p99_ms"],
        latency_mean_ms=latency["mean_ms"],
        latency_max_ms=latency["max_ms"],
        at_least=tuple(f"latency_{key}" for key in at_least(latency) if key != "p99_9_ms"),
        throughput_events_per_sec=read("throughput", window),
        capacity_events_per_sec=run.capacity_per_s,
        error_rate=read("error_ratio", window),
        model_roc_auc=run.held_out.get("roc_auc"),
        precision_at_recall_70=run.held_out.get("precision_at_recall_70"),
        brier_score=run.held_out.get("brier_score"),
        live_roc_auc=live.roc_auc,
        live_average_precision=live.average_precision,
        live_on_unknown_cards=None if run.judged is None else score_quality(run.judged),
        avg_prediction=mean,
        prediction_std=deviation,
        decisions=_decisions(last),
        modes=ModeCounts(**{mode.label: last.decided_by_mode[mode] for mode in Mode}),
        skipped_rows=run.skipped_rows,
        ledger=last.ledger,
        business=worth,
        stages=stage_times(last),
        feature_store=feature_store_use(last),
        stream=run.stream,
        aborted=run.aborted,
        spans=span_figures(scenario, run.fault_spans, run.judge.windows, run.outcomes),
        costs=fault_costs(run.fault_spans, run.outcomes),
        faults=tuple(run.faults),
        steps=tuple(run.steps),
        alerts=tuple(_alert(each, run.judge) for each in last.alerts if each.fired_count or each.state == "pending"),
        alert_grades=run.grades,
        expectations=tuple(run.expectations),
        warnings=tuple(run.warnings),
        git=run.git,
        versions=dict(run.versions),
    )


def feature_store_use(snapshot: Snapshot) -> FeatureStoreUse:
    """Return what the feature store was asked since the start of the run."""
    counts = snapshot.counters
    return FeatureStoreUse(
        look_ups=counts.store_lookups,
        failed=counts.store_errors,
        calls=counts.store_calls,
        calls_per_look_up=counts.store_calls / counts.store_lookups if counts.store_lookups else None,
        transactions=counts.store_rows,
        cached=counts.store_cached_rows,
        stale=counts.store_stale_rows,
        missing=counts.store_missing_rows,
    )


def stage_times(snapshot: Snapshot) -> dict[str, StageTimes]:
    """Return the times of every stage in the order of the flow; of commits only where there were any."""
    return {
        stage.value: _times(stage, snapshot.stages[stage])
        for stage in Stage
        if stage in snapshot.stages and (stage is not Stage.COMMITTED or snapshot.stages[stage].total)
    }


def _times(stage: Stage, counts: HistogramCounts) -> StageTimes:
    times = times_in_ms(counts)
    budget = in_ms(BUDGET_P50_US.get(stage))
    return StageTimes(count=counts.total, **times, budget_ms=budget, at_least=at_least(times))


def _decisions(snapshot: Snapshot) -> DecisionCounts:
    return DecisionCounts(**{each.label: sum(kinds[each] for kinds in snapshot.decisions) for each in Decision})


def _scores(outcomes: Outcomes) -> tuple[float | None, float | None]:
    scored = outcomes.where(~np.isnan(outcomes.score)).score
    return (float(scored.mean()), float(scored.std())) if len(scored) else (None, None)


def _alert(reading: AlertReading, judge: Judge) -> AlertOutcome:
    firings = judge.alerts.firings(reading.alert)
    return AlertOutcome(
        alert=reading.alert,
        severity=reading.severity,
        state=reading.state,
        fired_count=reading.fired_count,
        firings=tuple((fired / NS_PER_S, None if over is None else over / NS_PER_S) for fired, over in firings),
        text=reading.text,
    )
