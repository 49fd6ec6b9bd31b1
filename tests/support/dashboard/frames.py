"""Frames to look at and to test with: healthy, burst, outage, everything failing, workers, and hardly anything known.

`python -m tests.support.dashboard.frames burst 120 40` prints one.
"""

import sys
from collections.abc import Callable

from msgspec.structs import replace
from rich.console import Console

from dashboard.frame import (
    Errors,
    FaultSpan,
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
from dashboard.panels.health import BreakerReading, FeatureStoreHealth, Memory
from dashboard.panels.latency import Latency, Stages, StageTime
from dashboard.panels.model import Drift, QualityFigures
from dashboard.panels.workers import WorkerRow, WorkerRows
from dashboard.screen import render
from tests.support.dashboard.healthy_frame import QUIET_RULES, alert, burst, expectation, quiet


def steady() -> Frame:
    """A quiet run, before any label is known."""
    frame = burst()
    quality = frame.section(QualityFigures)
    assert quality is not None
    return replace(
        frame,
        header=replace(frame.header, scenario="steady", phase="steady", verdict="undecided", elapsed_s=8.2),
        timeline=Timeline((PhaseSpan(name="steady", start_s=0, end_s=60, rate_per_s=1_000),)),
        money=None,
        alerts=quiet(),
    ).showing(replace(quality, rolling_auc=None, labelled_run_count=0, auc=None))


def outage() -> Frame:
    """The feature store is gone; decisions are made on a lower rung, and one alert fires."""
    frame = burst()
    return replace(
        frame,
        header=replace(
            frame.header,
            scenario="feature-store-outage",
            phase="outage",
            warnings=("18 % of look-ups hit a table older than its limit",),
        ),
        errors=Errors(
            target_ratio=0.001,
            causes=(("default", 61), ("log_failed", 0), ("undelivered", 12), ("crash", 0)),
        ),
        modes=(
            Share("full", 0.02, 0.71, 36_873),
            Share("stale", 0.0, 0.0, 0),
            Share("realtime_only", 0.98, 0.29, 15_061),
            Share("rules", 0.0, 0.0, 0),
            Share("default", 0.0, 0.0, 0),
        ),
        alerts=quiet(
            alert("FeatureStoreErrors", "firing", 3.2, "feature_store.error_ratio 97.9 %"),
            alert("BatchFeaturesOld", "pending", 1.1, "feature_store.age_s 10.4 h", "ticket"),
            alert("LatencyP95", "resolved", 6, "latency.p95 1.24 ms"),
        ),
        timeline=Timeline(
            (
                PhaseSpan(name="baseline", start_s=0, end_s=20, rate_per_s=1_000),
                PhaseSpan(name="outage", start_s=20, end_s=45, rate_per_s=1_000),
                PhaseSpan(name="recovery", start_s=45, end_s=60, rate_per_s=1_000),
            ),
            (FaultSpan(name="store-down", start_s=25, end_s=45, state="injected"),),
        ),
        expectations=(
            expectation("degraded", "mode.realtime_only.ratio > 0.95 during store-down", "holding", "98.0 %"),
            expectation(
                "detected", "FeatureStoreErrors fires within 8s, resolves within 15s", "holding", "fired 5.2 s"
            ),
            expectation("tail", "latency.p95 < 50ms always", "holding", "1.24 ms"),
            expectation("recovered", "latency.p99 < max(2 * baseline.latency.p99, 10ms)", "waiting", ""),
        ),
        figures={
            **frame.figures,
            "error_ratio": Figure(0.0021, 0.0007),
            "feature_store.error_ratio": Figure(0.979, 0.29),
            "feature_store.p95": Figure(5_020, 64),
        },
    ).showing(
        FeatureStoreHealth(
            hit_10s_ratio=0.02,
            miss_10s_ratio=0.001,
            p95_target_us=5_000,
            age_s=10.4 * 3_600,
            stale_after_s=9 * 3_600,
            breaker=BreakerReading(state="open", age_s=3.2, trips_run_count=2),
        )
    )


LONG = "the-night-when-everything-failed-at-once-and-nobody-was-told-about-any-of-it"


def failing() -> Frame:
    """Everything is wrong at once, with names that are too long and numbers that are too large."""
    frame = outage()
    stages = frame.section(Stages)
    assert frame.ledger is not None
    assert stages is not None
    huge = 987_654_321_987_654.0
    late = Series(0.0, 0.5, tuple(5e4 + 4e6 * (index % 7) for index in range(70)))
    return replace(
        frame,
        header=Header(
            scenario=LONG + " 漢字 \x1b[31m",
            clock="virtual",
            state="draining",
            phase=LONG,
            elapsed_s=86_399.0,
            planned_s=60.0,
            verdict="fail",
            seed=2**63 - 1,
            model="3fa9c1d2",
            hypothesis=LONG,
            warnings=("producer lateness p99 12.4 ms: the schedule was not kept", LONG, "one\nmore"),
        ),
        throughput=Throughput(
            offered_run_per_s=huge,
            offered=Series(0.0, 360.0, tuple(1e15 for _ in range(240))),
            achieved=Series(0.0, 360.0, tuple(None if index % 3 else 1e6 for index in range(240))),
        ),
        money=MoneyFigures(
            loss=huge,
            prevented=0,
            wrongly_blocked=huge,
            wrongly_blocked_run_count=10**12,
            review_run_count=10**14,
            labelled_run_count=10**13,
            decided_run_count=10**14,
        ),
        alerts=tuple(alert(f"{name}{LONG}", "firing", 4e5, f"{LONG} {huge}") for name in QUIET_RULES),
        timeline=Timeline(
            tuple(
                PhaseSpan(name=f"{LONG}-{index}", start_s=index * 6.0, end_s=index * 6.0 + 6, rate_per_s=huge)
                for index in range(10)
            ),
            tuple(
                FaultSpan(name=f"{LONG}-{index}", start_s=index * 5.0, end_s=None if index % 3 else 59, state="failed")
                for index in range(8)
            ),
        ),
        expectations=tuple(
            expectation(f"{LONG}-{index}", LONG, state, "60.0 s", LONG)
            for index, state in enumerate(
                ("failed", "inconclusive", "passed", "holding", "waiting", "failed", "skipped", "failed", "failed")
            )
        ),
        ledger=replace(
            frame.ledger,
            offered=10**15,
            balanced=False,
            imbalances=("offered 1,000,000,000,000,000 ≠ unsent 8 + produced 51,959", LONG),
        ),
        figures={
            **frame.figures,
            "offered_rate": Figure(huge, huge),
            "throughput": Figure(0.2, 0.001),
            "latency.p50": Figure(12_400, 9_900_000),
            "latency.p95": Figure(59_000_000, 60_000_000),
            "latency.p99": Figure(60_000_000, 60_000_000),
        },
    ).showing(
        Latency(
            p50_target_us=10_000,
            p95_target_us=50_000,
            p99_target_us=None,
            p50=late,
            p95=late,
            p99=late,
        ),
        Stages((*stages.stages, StageTime(stage=LONG, p50_10s_us=6_000_000, p50_run_us=None, budget_us=12_345))),
        Memory(used_bytes=2_400_000_000, limit_bytes=500_000_000, series=late),
        Drift(features=tuple((f"{LONG}-{index}", 9.0 - index) for index in range(9)), limit=0.2, samples_count=9),
        QualityFigures(
            rolling_auc=0.31,
            target_auc=0.95,
            recall_run_ratio=0.0,
            false_positive_run_ratio=0.9999,
            labelled_run_count=10**13,
            decided_run_count=10**14,
            auc=late,
        ),
        PipelineFlow(
            (
                ActorLevel(
                    name="producer", busy_10s_ratio=1.0, state="blocked", restarts_run_count=0, rows_10s_per_s=huge
                ),
                ActorLevel(
                    name="assembler", busy_10s_ratio=None, state="restarting", restarts_run_count=4, rows_10s_per_s=0
                ),
                ActorLevel(name="scorer", busy_10s_ratio=1.0, state="running", restarts_run_count=0, rows_10s_per_s=1),
                ActorLevel(name="logger", busy_10s_ratio=0.0, state="failed", restarts_run_count=99, rows_10s_per_s=0),
            ),
            (
                MailboxLevel(name="assembler", depth=5_000, capacity=5_000, blocked=True, blocked_10s_ratio=0.99),
                MailboxLevel(name="scorer", depth=4_987, capacity=5_000, blocked=False, blocked_10s_ratio=0.4),
                MailboxLevel(name="logger", depth=10**9, capacity=10**9, blocked=True, blocked_10s_ratio=1.0),
            ),
        ),
    )


def bare() -> Frame:
    """Only a header: every other section has no data yet."""
    return Frame(
        header=Header(
            scenario="burst",
            clock="real",
            state="starting",
            phase=None,
            elapsed_s=0.0,
            planned_s=None,
            verdict="undecided",
            seed=7,
            model=None,
        )
    )


def workers() -> Frame:
    """Return the burst, decided by three workers of which one was killed and one hears nothing of its feature store."""
    shown = burst()
    rows = (
        WorkerRow(
            name="w0", state="live", rate_10s_per_s=1_612.0, lag=212, p95_10s_us=61_300.0, mode="full", restarts=0
        ),
        WorkerRow(
            name="w1",
            state="joining",
            rate_10s_per_s=None,
            lag=None,
            p95_10s_us=None,
            mode=None,
            restarts=4,
            note="was killed (SIGKILL)",
        ),
        WorkerRow(
            name="w2",
            state="live",
            rate_10s_per_s=1_598.0,
            lag=180,
            p95_10s_us=58_700.0,
            mode="realtime_only",
            restarts=0,
            troubled=True,
        ),
    )
    return replace(shown).showing(WorkerRows(rows))


SAMPLES: dict[str, Callable[[], Frame]] = {
    "steady": steady,
    "burst": burst,
    "outage": outage,
    "failing": failing,
    "bare": bare,
    "workers": workers,
}


def main() -> None:
    """Print a sample at a size."""
    name, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    Console(width=width, height=height + 1, force_terminal=True).print(render(SAMPLES[name](), width, height))


if __name__ == "__main__":
    main()
