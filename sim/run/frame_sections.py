"""Sections of a frame that a moment alone determines, one function each."""

from dataclasses import dataclass

from actors.core.batches import Decision, Mode
from actors.core.clock import NS_PER_S
from actors.features.catalogue import STALE_AFTER_S
from actors.model.policy import Thresholds
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.stages import BUDGET_P50_US, Stage
from actors.telemetry.window import Window
from dashboard import frame as show
from sim.faults.fault import FaultRecord
from sim.judging.result import ExpectationResult
from sim.outcomes.quality import LiveMoney
from sim.steps.step import StepRecord


@dataclass(frozen=True, slots=True)
class FrameInputs:
    """What a frame is made of, apart from the facts.

    Attributes:
        recent: the last 10 s.
        whole: the run so far.
        quality: sums over labelled decisions.
        rolling_auc: of the latest labelled decisions.
        thresholds: scores from which to review and to block.
        reference_mean: mean score of the serving model in training.
        drift: the window that PSI is taken over: the last minute, for enough rows.
    """

    state: show.RunState
    verdict: show.VerdictWord
    recent: Window
    whole: Window
    drift: Window
    quality: LiveMoney
    rolling_auc: float | None
    expectations: tuple[ExpectationResult, ...]
    faults: tuple[FaultRecord, ...]
    steps: tuple[StepRecord, ...]
    thresholds: Thresholds
    reference_mean: float | None
    breaker: show.BreakerReading | None
    warnings: tuple[str, ...] = ()

    @property
    def now(self) -> Snapshot:
        """The latest snapshot."""
        return self.recent.newer


ERROR_TARGET = 0.001
PSI_LIMIT = 0.2
STORE_TARGET_US = 5_000.0


def percentiles(window: Window) -> show.Percentiles | None:
    """Return the latency of a window, None without decisions."""
    latency = window.latency(Stage.LATENCY)
    if not latency.total:
        return None
    p50, p95, p99 = (float(latency.percentile_us(percent) or 0) for percent in (50.0, 95.0, 99.0))
    return show.Percentiles(p50, p95, p99)


def _p50(window: Window, stage: Stage) -> float | None:
    value = window.latency(stage).percentile_us(50.0)
    return None if value is None else float(value)


def stage(stage: Stage, moment: FrameInputs) -> show.StageTime:
    """Return how long a stage takes, with its budget."""
    budget = BUDGET_P50_US.get(stage)
    return show.StageTime(
        stage=stage.value,
        p50_10s_us=_p50(moment.recent, stage),
        p50_run_us=_p50(moment.whole, stage),
        budget_us=None if budget is None else float(budget),
    )


def errors(moment: FrameInputs) -> show.Errors:
    """Return what ended badly, by cause."""
    ledger = moment.now.ledger
    poison = ledger.dead_letters.get("poison", 0)
    return show.Errors(
        ratio_10s=read("error_ratio", moment.recent),
        ratio_run=read("error_ratio", moment.whole),
        target_ratio=ERROR_TARGET,
        causes=(
            ("default", moment.now.decided_by_mode[Mode.DEFAULT]),
            ("log failed", ledger.log_failed),
            ("undelivered", ledger.undelivered),
            ("poison", poison),
        ),
        invalid_run_count=ledger.dead_lettered - poison,
        duplicate_run_count=ledger.duplicate,
    )


def feature_store(moment: FrameInputs) -> show.FeatureStoreHealth:
    """Return how the look-ups went, and how old the batch tier is."""
    recent = moment.recent
    errors = read("feature_store.error_ratio", recent)
    stale = read("feature_store.stale_ratio", recent)
    miss = read("feature_store.miss_ratio", recent)
    return show.FeatureStoreHealth(
        hit_10s_ratio=None if miss is None or stale is None else max(0.0, 1 - miss - stale),
        stale_10s_ratio=stale,
        miss_10s_ratio=None if miss is None else max(0.0, miss - (errors or 0.0)),  # the rest is in error
        error_10s_ratio=errors,
        p95_10s_us=read("feature_store.p95", recent),
        p95_target_us=STORE_TARGET_US,
        age_s=moment.now.gauges.batch_age_s,
        stale_after_s=float(STALE_AFTER_S),
        breaker=moment.breaker,
    )


def drift(moment: FrameInputs) -> show.Drift | None:
    """Return the PSI of each feature, highest first; None with too few rows."""
    found = moment.drift.psi_by_feature
    if not found:
        return None
    ranked = tuple(sorted(found.items(), key=lambda pair: -pair[1]))
    rows = moment.drift.newer.features.rows - moment.drift.older.features.rows
    return show.Drift(features=ranked, limit=PSI_LIMIT, samples_count=rows, covers="last minute")


def money(moment: FrameInputs) -> show.MoneyFigures:
    """Return what the labelled decisions were worth."""
    money, now = moment.quality, moment.now
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


def pipeline(moment: FrameInputs) -> show.PipelineFlow:
    """Return mailboxes and actors, in the order of the flow."""
    now, recent = moment.now, moment.recent
    before = {box.name: box.blocked_s for box in recent.older.gauges.mailboxes}
    span_s = recent.span_s
    actors = tuple(
        show.ActorLevel(
            name=actor.name,
            busy_10s_ratio=recent.rate(lambda each, name=actor.name: _busy_s(each, name)),  # type: ignore[misc]
            state=actor.state,
            restarts_run_count=actor.restarts,
            rows_10s_per_s=recent.rate(lambda each, name=actor.name: _rows(each, name)),  # type: ignore[misc]
        )
        for actor in now.gauges.actors
    )
    mailboxes = tuple(
        show.MailboxLevel(
            name=box.name,
            depth=box.depth,
            capacity=box.capacity,
            blocked=box.depth >= box.capacity,
            blocked_10s_ratio=min(1.0, (box.blocked_s - before.get(box.name, 0.0)) / span_s) if span_s else 0.0,
        )
        for box in now.gauges.mailboxes
    )
    return show.PipelineFlow(actors, mailboxes)


def _busy_s(snapshot: Snapshot, actor: str) -> float:
    work = snapshot.work.get(actor)
    return 0.0 if work is None else work.busy_ns / NS_PER_S


def _rows(snapshot: Snapshot, actor: str) -> float:
    if actor == "producer":
        return snapshot.ledger.produced
    work = snapshot.work.get(actor)
    return 0.0 if work is None else work.rows


def share(kind: str, label: str, moment: FrameInputs) -> show.Share:
    """Return a decision's or a mode's share of all decisions."""
    name = f"{kind}.{label}.ratio"
    decisions = moment.now.decisions
    if kind == "mode":
        count = sum(decisions[Mode[label.upper()]])
    else:
        count = sum(row[Decision[label.upper()]] for row in decisions)
    return show.Share(label, read(name, moment.recent), read(name, moment.whole), count)


def alerts(moment: FrameInputs) -> tuple[show.AlertRow, ...]:
    """Return where each alert stands."""
    now_ns = moment.now.at_ns
    return tuple(
        show.AlertRow(
            name=alert.alert,
            state=alert.state,  # type: ignore[arg-type]
            age_s=max(0.0, (now_ns - alert.since_ns) / NS_PER_S),
            severity=alert.severity,
            value=alert.text,
            tells=alert.told,
        )
        for alert in moment.now.alerts
    )


def ratio(part: float, whole: float) -> float | None:
    """Return ``part / whole``, None where there is nothing to share."""
    return part / whole if whole else None
