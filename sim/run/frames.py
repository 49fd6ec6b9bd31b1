"""Snapshots as frames: everything the screen shows, computed here, so that drawing needs no arithmetic."""

from dataclasses import dataclass, field
from typing import Literal

from actors.clock import NS_PER_S
from actors.features.catalogue import STALE_AFTER_S
from actors.messages import Decision, Mode
from actors.model.policy import Thresholds
from actors.telemetry.catalogue import read
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.stages import BUDGET_P50_US, TARGET_P95_US, Stage
from actors.telemetry.window import Window
from dashboard import frame as show
from sim.expectations.result import ExpectationResult
from sim.faults.switch import FaultRecord
from sim.run.courses import Courses
from sim.run.live_quality import LiveMoney
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import duration_ns, phase_spans
from sim.units import Rate

ERROR_TARGET = 0.001
AUC_TARGET = 0.95
PSI_LIMIT = 0.2
STORE_TARGET_US = 5_000.0
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
class Facts:
    """What does not change in a run.

    Attributes:
        scenario: as run.
        clock: the kind of clock.
        model: short digest of the first model.
        thresholds: scores from which to review and to block.
        reference_mean: mean score in training.
        memory_limit_bytes: what the memory alert is measured against.
        capacity_per_s: what shares of capacity were resolved with.
        labelled: whether the truth will ever be known.
    """

    scenario: Scenario
    clock: Literal["real", "virtual"]
    model: str
    thresholds: Thresholds
    reference_mean: float | None
    memory_limit_bytes: int
    capacity_per_s: float | None
    labelled: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """What a frame is made of, apart from the facts.

    Attributes:
        recent: the last 10 s.
        whole: the run so far.
        quality: sums over labelled decisions.
        rolling_auc: of the latest labelled decisions.
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
    breaker: show.Breaker | None
    warnings: tuple[str, ...] = ()

    @property
    def now(self) -> Snapshot:
        """The latest snapshot."""
        return self.recent.newer


@dataclass(frozen=True, slots=True)
class Frames:
    """Makes frames of one run."""

    facts: Facts
    courses: Courses = field(default_factory=Courses)

    def build(self, moment: Moment) -> show.Frame:
        """Return the frame of a moment."""
        return show.Frame(
            header=self._header(moment),
            throughput=self._throughput(moment),
            latency=self._latency(moment),
            stages=tuple(_stage(stage, moment) for stage in SHOWN_STAGES),
            errors=_errors(moment),
            scores=self._scores(moment),
            feature_store=_feature_store(moment),
            memory=self._memory(moment),
            drift=_drift(moment),
            quality=self._quality(moment) if self.facts.labelled else None,
            money=_money(moment) if self.facts.labelled else None,
            pipeline=_pipeline(moment),
            decisions=tuple(_share("decision", each.label, moment) for each in Decision),
            modes=tuple(_share("mode", each.label, moment) for each in Mode),
            alerts=_alerts(moment),
            timeline=self._timeline(moment),
            expectations=tuple(
                show.ExpectationRow(
                    name=each.name, wanted=each.wanted, state=each.state, value=_figures(each.value), note=each.note
                )
                for each in moment.expectations
            ),
            ledger=_ledger(moment),
        )

    def _header(self, moment: Moment) -> show.Header:
        scenario = self.facts.scenario
        planned_ns = duration_ns(scenario)
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
            model=self.facts.model,
            hypothesis=scenario.hypothesis,
            warnings=moment.warnings,
        )

    def _throughput(self, moment: Moment) -> show.Throughput:
        recent, whole = moment.recent, moment.whole
        return show.Throughput(
            offered_10s_per_s=read("offered_rate", recent),
            achieved_10s_per_s=read("throughput", recent),
            offered_run_per_s=read("offered_rate", whole),
            achieved_run_per_s=read("throughput", whole),
            offered=self.courses.offered.series(),
            achieved=self.courses.achieved.series(),
        )

    def _latency(self, moment: Moment) -> show.Latency:
        return show.Latency(
            last_10s=_percentiles(moment.recent),
            run=_percentiles(moment.whole),
            p50_target_us=BUDGET_P50_US[Stage.LATENCY],
            p95_target_us=TARGET_P95_US[Stage.LATENCY],
            p99_target_us=None,
            p50=self.courses.p50.series(),
            p95=self.courses.p95.series(),
            p99=self.courses.p99.series(),
        )

    def _scores(self, moment: Moment) -> show.Scores:
        scores = moment.recent.scores
        return show.Scores(
            counts_10s=scores.bins,
            mean_10s=scores.sum / scores.total if scores.total else None,
            reference_mean=self.facts.reference_mean,
            review_threshold=self.facts.thresholds.review,
            block_threshold=self.facts.thresholds.block,
        )

    def _memory(self, moment: Moment) -> show.Memory | None:
        used = moment.now.memory_bytes
        if used is None:
            return None
        return show.Memory(
            used_bytes=used, limit_bytes=self.facts.memory_limit_bytes, series=self.courses.memory.series()
        )

    def _quality(self, moment: Moment) -> show.Quality:
        money = moment.quality
        return show.Quality(
            rolling_auc=moment.rolling_auc,
            target_auc=AUC_TARGET,
            recall_run_ratio=_ratio(money.detected_count, money.fraud_count),
            false_positive_run_ratio=_ratio(money.wrongly_blocked_count, money.legitimate_count),
            labelled_run_count=money.labelled_count,
            decided_run_count=moment.now.ledger.decided,
            auc=self.courses.auc.series(),
        )

    def _timeline(self, moment: Moment) -> show.Timeline:
        scenario, end_s = self.facts.scenario, _elapsed_s(moment.now)
        spans = phase_spans(scenario)
        phases = tuple(
            show.Phase(
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
                start_s=fault.at / NS_PER_S,
                end_s=None if fault.lift_at is None else fault.lift_at / NS_PER_S,
                state=record.state,
            )
            for fault, record in zip(scenario.faults, moment.faults, strict=True)
        )
        return show.Timeline(phases, faults)

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


def _percentiles(window: Window) -> show.Percentiles | None:
    latency = window.latency(Stage.LATENCY)
    if not latency.total:
        return None
    p50, p95, p99 = (float(latency.percentile_us(percent) or 0) for percent in (50.0, 95.0, 99.0))
    return show.Percentiles(p50, p95, p99)


def _p50(window: Window, stage: Stage) -> float | None:
    value = window.latency(stage).percentile_us(50.0)
    return None if value is None else float(value)


def _stage(stage: Stage, moment: Moment) -> show.StageTime:
    budget = BUDGET_P50_US.get(stage)
    return show.StageTime(
        stage=stage.value,
        p50_10s_us=_p50(moment.recent, stage),
        p50_run_us=_p50(moment.whole, stage),
        budget_us=None if budget is None else float(budget),
    )


def _errors(moment: Moment) -> show.Errors:
    ledger = moment.now.ledger
    poison = ledger.dead_lettered_by_reason.get("poison", 0)
    return show.Errors(
        ratio_10s=read("error_ratio", moment.recent),
        ratio_run=read("error_ratio", moment.whole),
        target_ratio=ERROR_TARGET,
        causes=(
            ("default", ledger.decided_by_mode[Mode.DEFAULT]),
            ("log failed", ledger.log_failed),
            ("undelivered", ledger.undelivered),
            ("poison", poison),
        ),
        invalid_run_count=ledger.dead_lettered - poison,
        duplicate_run_count=ledger.duplicate,
    )


def _feature_store(moment: Moment) -> show.FeatureStoreHealth:
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


def _drift(moment: Moment) -> show.Drift | None:
    found = moment.drift.psi_by_feature
    if not found:
        return None
    ranked = tuple(sorted(found.items(), key=lambda pair: -pair[1]))
    rows = moment.drift.newer.features.rows - moment.drift.older.features.rows
    return show.Drift(features=ranked, limit=PSI_LIMIT, samples_count=rows, covers="last minute")


def _money(moment: Moment) -> show.Money:
    money, now = moment.quality, moment.now
    return show.Money(
        loss=money.loss,
        prevented=money.prevented,
        wrongly_blocked=money.wrongly_blocked,
        wrongly_blocked_run_count=money.wrongly_blocked_count,
        review_run_count=sum(row[Decision.REVIEW] for row in now.decisions),
        labelled_run_count=money.labelled_count,
        decided_run_count=now.ledger.decided,
    )


def _pipeline(moment: Moment) -> show.Pipeline:
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
    return show.Pipeline(actors, mailboxes)


def _busy_s(snapshot: Snapshot, actor: str) -> float:
    work = snapshot.work.get(actor)
    return 0.0 if work is None else work.busy_ns / NS_PER_S


def _rows(snapshot: Snapshot, actor: str) -> float:
    if actor == "producer":
        return snapshot.ledger.produced
    work = snapshot.work.get(actor)
    return 0.0 if work is None else work.rows


def _share(kind: str, label: str, moment: Moment) -> show.Share:
    name = f"{kind}.{label}.ratio"
    decisions = moment.now.decisions
    if kind == "mode":
        count = sum(decisions[Mode[label.upper()]])
    else:
        count = sum(row[Decision[label.upper()]] for row in decisions)
    return show.Share(label, read(name, moment.recent), read(name, moment.whole), count)


def _alerts(moment: Moment) -> tuple[show.AlertRow, ...]:
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


def _ledger(moment: Moment) -> show.LedgerLine:
    ledger = moment.now.ledger
    return show.LedgerLine(
        offered=ledger.offered,
        unsent=ledger.waiting.unsent,
        produced=ledger.produced,
        decided=ledger.decided,
        dead_lettered=ledger.dead_lettered,
        duplicate=ledger.duplicate,
        in_flight=ledger.waiting.in_flight,
        logged=ledger.logged,
        log_failed=ledger.log_failed,
        awaiting_log=ledger.waiting.awaiting_log,
        delivered=ledger.delivered,
        undelivered=ledger.undelivered,
        awaiting_delivery=ledger.waiting.awaiting_delivery,
        balanced=not moment.now.imbalances,
        broken=moment.now.imbalances,
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
