"""A frame with every section filled: the middle of a burst that the pipeline takes well."""

import math
from collections.abc import Callable

from actors.telemetry.ledger_snapshot import LedgerSnapshot
from dashboard.frame import (
    AlertRow,
    AlertWord,
    Errors,
    ExpectationRow,
    Figure,
    Frame,
    Header,
    MoneyFigures,
    PhaseSpan,
    Series,
    Share,
    Throughput,
    Timeline,
)
from dashboard.panels.flow import ActorLevel, MailboxLevel, PipelineFlow
from dashboard.panels.health import FeatureStoreHealth, Memory
from dashboard.panels.latency import Latency, Stages, StageTime
from dashboard.panels.model import Drift, QualityFigures, Scores

PLANNED_S = 60.0


def series(shape: Callable[[float], float | None], until_s: float, step_s: float = 0.25) -> Series:
    """A series of ``shape`` over the time so far."""
    return Series(0.0, step_s, tuple(shape(index * step_s) for index in range(int(until_s / step_s))))


def burst_rate(at_s: float) -> float:
    """1,000/s, a ramp to 8,000/s from 20 to 40 s, 1,000/s again."""
    wobble = 30 * math.sin(7 * at_s)
    return 1_000 + wobble + (7_000 * (at_s - 20) / 20 if 20 <= at_s < 40 else 0)


def score_counts(total: int, fraud: float) -> tuple[int, ...]:
    """Most near 0, some near 1."""
    return tuple(int(total * (math.exp(-bin_ / 2.5) * 0.33 + fraud * math.exp((bin_ - 49) / 3))) for bin_ in range(50))


PHASES = (
    PhaseSpan(name="baseline", start_s=0, end_s=20, rate_per_s=1_000),
    PhaseSpan(name="burst", start_s=20, end_s=40, rate_per_s=1_000, ramp_to_per_s=8_000),
    PhaseSpan(name="recovery", start_s=40, end_s=60, rate_per_s=1_000),
)

QUIET_RULES = (
    "LatencyP50",
    "LatencyP95",
    "ErrorRate",
    "ThroughputLow",
    "FeatureStoreSlow",
    "FeatureStoreMisses",
    "MemoryHigh",
    "BatchFeaturesOld",
    "ScoreShift",
    "FeatureDrift",
    "ScoresClustered",
)


def alert(name: str, state: AlertWord, age_s: float, value: str, severity: str = "page") -> AlertRow:
    """An alert that tells the right people."""
    tells = {"page": "on-call now, second line after 5 min", "ticket": "team queue, next working day"}[severity]
    return AlertRow(name=name, state=state, age_s=age_s, severity=severity, value=value, tells=tells)


def quiet(*louder: AlertRow) -> tuple[AlertRow, ...]:
    """Alerts of which only the given ones are not inactive."""
    names = {row.name for row in louder}
    return (*louder, *(alert(name, "inactive", 31, "–") for name in QUIET_RULES if name not in names))


def expectation(name: str, wanted: str, state: str, value: str, note: str = "") -> ExpectationRow:
    """An expectation, of any state word."""
    return ExpectationRow(name=name, wanted=wanted, state=state, value=value, note=note)  # type: ignore[arg-type]  # a word of the table


def burst() -> Frame:
    """In the middle of a burst that the pipeline takes well."""
    now_s = 31.4
    return Frame(
        header=Header(
            scenario="burst",
            clock="real",
            state="running",
            phase="burst",
            elapsed_s=now_s,
            planned_s=PLANNED_S,
            verdict="pass",
            seed=7,
            model="3fa9c1d2",
            engine="compiled",
            hypothesis="A burst to eight times the load keeps p95 under 50 ms, and nothing is shed.",
        ),
        throughput=Throughput(
            offered_run_per_s=1_655.0,
            offered=series(burst_rate, now_s),
            achieved=series(lambda at_s: burst_rate(at_s - 0.02), now_s),
        ),
        errors=Errors(
            target_ratio=0.001,
            causes=(("default", 0), ("log_failed", 0), ("undelivered", 0), ("crash", 0)),
            invalid_run_count=3,
            duplicate_run_count=1,
        ),
        money=MoneyFigures(
            loss=3_412.0,
            prevented=48_733.0,
            wrongly_blocked=1_202.0,
            wrongly_blocked_run_count=17,
            review_run_count=402,
            labelled_run_count=21_408,
            decided_run_count=51_934,
        ),
        decisions=(
            Share("approve", 0.9812, 0.9821, 51_004),
            Share("review", 0.0079, 0.0077, 402),
            Share("block", 0.0109, 0.0102, 528),
        ),
        modes=(
            Share("full", 1.0, 1.0, 51_934),
            Share("stale", 0.0, 0.0, 0),
            Share("realtime_only", 0.0, 0.0, 0),
            Share("rules", 0.0, 0.0, 0),
            Share("default", 0.0, 0.0, 0),
        ),
        alerts=quiet(),
        timeline=Timeline(PHASES),
        expectations=(
            expectation("tail", "latency.p95 < 50ms during burst", "holding", "1.24 ms"),
            expectation("not-shed", "mode.rules.ratio == 0 always", "holding", "0 %"),
            expectation("quiet", "alerts.firing == 0 during baseline", "passed", "0"),
            expectation("recovered", "latency.p99 < 10ms during recovery", "waiting", ""),
        ),
        ledger=LedgerSnapshot(
            offered=51_967,
            unsent=8,
            produced=51_959,
            decided=51_934,
            dead_lettered=3,
            dead_letters={},
            duplicate=1,
            in_flight=21,
            logged=51_922,
            log_failed=0,
            awaiting_log=12,
            delivered=51_934,
            undelivered=0,
            awaiting_delivery=0,
            balanced=True,
        ),
        figures={
            "offered_rate": Figure(3_266.0, 1_655.0),
            "throughput": Figure(3_264.4, 1_654.2),
            "latency.p50": Figure(412, 286),
            "latency.p95": Figure(1_240, 890),
            "latency.p99": Figure(3_870, 2_410),
            "error_ratio": Figure(0.0, 0.0),
            "feature_store.stale_ratio": Figure(0.0, 0.0),
            "feature_store.error_ratio": Figure(0.0, 0.0),
            "feature_store.p95": Figure(61, 58),
        },
    ).showing(
        Latency(
            p50_target_us=10_000,
            p95_target_us=50_000,
            p99_target_us=None,
            p50=series(lambda at_s: 180 + burst_rate(at_s) / 15, now_s),
            p95=series(lambda at_s: 420 + burst_rate(at_s) / 4 + 90 * math.sin(3 * at_s), now_s),
            p99=series(lambda at_s: 900 + burst_rate(at_s) / 2 + 400 * math.sin(11 * at_s), now_s),
        ),
        Stages(
            (
                StageTime(stage="assembler.waiting", p50_10s_us=61, p50_run_us=48, budget_us=None),
                StageTime(stage="parse", p50_10s_us=9, p50_run_us=8, budget_us=500),
                StageTime(stage="feature_store", p50_10s_us=31, p50_run_us=24, budget_us=2_000),
                StageTime(stage="features", p50_10s_us=88, p50_run_us=61, budget_us=None),
                StageTime(stage="scorer.waiting", p50_10s_us=42, p50_run_us=30, budget_us=None),
                StageTime(stage="inference", p50_10s_us=164, p50_run_us=102, budget_us=5_000),
                StageTime(stage="decide", p50_10s_us=12, p50_run_us=9, budget_us=1_000),
                StageTime(stage="log", p50_10s_us=44, p50_run_us=31, budget_us=None),
            )
        ),
        Scores(
            counts_10s=score_counts(32_640, 0.003),
            mean_10s=0.0124,
            reference_mean=0.0118,
            review_threshold=0.30,
            block_threshold=0.70,
        ),
        FeatureStoreHealth(
            hit_10s_ratio=0.9871,
            miss_10s_ratio=0.0129,
            p95_target_us=5_000,
            age_s=4.2 * 3_600,
            stale_after_s=9 * 3_600,
            breaker=None,
        ),
        Memory(used_bytes=312_000_000, limit_bytes=500_000_000, series=series(lambda at_s: 3.0e8 + 4e5 * at_s, now_s)),
        Drift(
            features=(
                ("card_amount_1h", 0.041),
                ("merchant_tx_1h", 0.038),
                ("local_hour", 0.012),
                ("amount", 0.006),
                ("home_km", 0.004),
                ("category", 0.002),
            ),
            limit=0.20,
            samples_count=12_400,
        ),
        QualityFigures(
            rolling_auc=0.9731,
            target_auc=0.95,
            recall_run_ratio=0.81,
            false_positive_run_ratio=0.0021,
            labelled_run_count=21_408,
            decided_run_count=51_934,
            auc=series(lambda at_s: 0.97 + 0.01 * math.sin(at_s) if at_s > 12 else None, now_s, 1.0),
        ),
        PipelineFlow(
            (
                ActorLevel(
                    name="producer", busy_10s_ratio=0.08, state="running", restarts_run_count=0, rows_10s_per_s=3_266
                ),
                ActorLevel(
                    name="assembler", busy_10s_ratio=0.31, state="running", restarts_run_count=0, rows_10s_per_s=3_265
                ),
                ActorLevel(
                    name="scorer", busy_10s_ratio=0.44, state="running", restarts_run_count=0, rows_10s_per_s=3_264
                ),
                ActorLevel(
                    name="logger", busy_10s_ratio=0.12, state="running", restarts_run_count=0, rows_10s_per_s=3_264
                ),
            ),
            (
                MailboxLevel(name="assembler", depth=38, capacity=5_000, blocked=False),
                MailboxLevel(name="scorer", depth=212, capacity=5_000, blocked=False),
                MailboxLevel(name="logger", depth=12, capacity=20_000, blocked=False),
            ),
        ),
    )
