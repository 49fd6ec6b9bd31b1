"""What a single panel shows, metrics apart: one function for each section of a frame."""

from collections.abc import Iterator

from actors.core.clock import NS_PER_S
from actors.features.catalogue import STALE_AFTER_S
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.stages import BUDGET_P50_US, TARGET_P95_US, Stage
from actors.telemetry.window import Window
from dashboard.frame import Section
from dashboard.panels.flow import ActorLevel, MailboxLevel, PipelineFlow
from dashboard.panels.health import BreakerReading, FeatureStoreHealth, Memory
from dashboard.panels.latency import Latency, Stages, StageTime
from dashboard.panels.model import Drift, QualityFigures, Scores
from dashboard.panels.workers import WorkerRow, WorkerRows
from sim.screen_frames.inputs import FrameInputs, RunFacts, RunSeries

PSI_LIMIT = 0.2
STORE_TARGET_US = 5_000.0
AUC_TARGET = 0.95
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


def sections(facts: RunFacts, run_series: RunSeries, inputs: FrameInputs) -> Iterator[Section | None]:
    """Yield the section of each panel that has one; None stands for a panel that is left out now."""
    workers = inputs.parts.worker_rows()
    yield _latency(run_series)
    yield Stages(tuple(_stage(each, inputs) for each in SHOWN_STAGES))
    yield _scores(inputs)
    yield _feature_store(inputs)
    yield _memory(facts, run_series, inputs)
    yield _drift(inputs)
    yield _quality(run_series, inputs) if facts.labelled else None
    yield _pipeline(inputs, workers)
    yield WorkerRows(workers) if workers else None


def _latency(run_series: RunSeries) -> Latency:
    """Return the course of the percentiles, with their targets."""
    return Latency(
        p50_target_us=BUDGET_P50_US[Stage.LATENCY],
        p95_target_us=TARGET_P95_US[Stage.LATENCY],
        p99_target_us=None,
        p50=run_series.p50.series(),
        p95=run_series.p95.series(),
        p99=run_series.p99.series(),
    )


def _memory(facts: RunFacts, run_series: RunSeries, inputs: FrameInputs) -> Memory | None:
    """Return how much memory is taken; None where it is not sampled."""
    used = inputs.now.memory_bytes
    if used is None:
        return None
    return Memory(used_bytes=used, limit_bytes=facts.memory_limit_bytes, series=run_series.memory.series())


def _quality(run_series: RunSeries, inputs: FrameInputs) -> QualityFigures:
    """Return how good the decisions are, as far as labels are known."""
    money = inputs.quality
    return QualityFigures(
        rolling_auc=inputs.rolling_auc,
        target_auc=AUC_TARGET,
        recall_run_ratio=ratio(money.detected_count, money.fraud_count),
        false_positive_run_ratio=ratio(money.wrongly_blocked_count, money.legitimate_count),
        labelled_run_count=money.labelled_count,
        decided_run_count=inputs.now.ledger.decided,
        auc=run_series.auc.series(),
    )


def _p50(window: Window, stage: Stage) -> float | None:
    value = window.latency(stage).percentile_us(50.0)
    return None if value is None else float(value)


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


def ratio(part: float, whole: float) -> float | None:
    """Return ``part / whole``, None where there is nothing to share."""
    return part / whole if whole else None
