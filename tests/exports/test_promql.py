"""Conditions of ours say the same in PromQL, or say that they cannot."""

import pytest

from actors.telemetry.expression.expression import Expression
from actors.telemetry.metrics.catalogue import METRICS
from actors.telemetry.metrics.series import Total
from sim.exports.promql import Translation, UntoldError, promql

SENT = "sum by (job, instance) (rate(riskdrill_transactions_sent_total[10s]))"
DUE = "sum by (job, instance) (rate(riskdrill_transactions_due_total[10s]))"
DECIDED = "sum by (job, instance) (rate(riskdrill_decisions_total[10s]))"
MEMORY = "max by (job, instance) (riskdrill_memory_bytes)"
AGE = "max by (job, instance) (riskdrill_feature_store_age_seconds)"


def p(percent: str, stage: str = "latency") -> str:
    bucket = f'riskdrill_stage_seconds_bucket{{stage="{stage}"}}'
    return f"histogram_quantile({percent}, sum by (job, instance, le) (rate({bucket}[10s])))"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("latency.p95 > 50ms", f"{p('0.95')} > 0.05"),
        ("lateness.p99_9 < 1s", f"{p('0.999', 'producer.lateness')} < 1"),
        ("memory_mb > 400MB", f"{MEMORY} > 400000000"),
        ("throughput < 0.5 * offered_rate", f"{DECIDED} < (0.5) * ({DUE})"),
        ("sent_ratio < 95%", f"{SENT} / ({DUE} > 0) < 0.95"),
        (
            "error_budget.burn_rate > 6",
            f"sum by (job, instance) (rate(riskdrill_errors_total[10s])) / ({SENT} > 0) / 0.001 > 6",
        ),
        (
            "mode.rules.ratio > 10%",
            f'sum by (job, instance) (rate(riskdrill_decisions_total{{mode="rules"}}[10s])) / ({DECIDED} > 0) > 0.1',
        ),
        (
            "degraded_ratio > 10%",
            f'sum by (job, instance) (rate(riskdrill_decisions_total{{mode!="full"}}[10s])) / ({DECIDED} > 0) > 0.1',
        ),
        ("psi.amount > 0.2", 'max by (job, instance) (riskdrill_psi{feature="amount"}) > 0.2'),
        ("psi.max > 0.2", "max by (job, instance) (riskdrill_psi) > 0.2"),
        ("feature_store.age_s > 9h", f"{AGE} > 32400"),
        ("memory_mb > 1MB and feature_store.age_s > 2s", f"({MEMORY} > 1000000) and ({AGE} > 2)"),
        ("memory_mb > 1MB or feature_store.age_s > 2s", f"({MEMORY} > 1000000) or ({AGE} > 2)"),
        ("offered_rate / throughput > 2", f"({DUE}) / (({DECIDED}) != 0) > 2"),
        (
            "max(offered_rate, throughput) > 2",
            f"(((({DUE}) >= ({DECIDED})) or ({DECIDED})) and ({DUE})) > 2",
        ),
        ("min(offered_rate, 5) > 2", f"clamp_max(({DUE}), scalar(vector(5))) > 2"),
    ],
)
def test_a_condition_is_the_same_in_promql(ours: str, theirs: str) -> None:
    """Base units, one figure a process, and nothing where there are no samples."""
    assert promql(Expression.parse(ours), [10.0]) == (theirs, [])


def test_a_condition_over_two_windows_holds_over_both() -> None:
    """Burn rates look far back and close by."""
    text, _ = promql(Expression.parse("sent_ratio < 95%"), [3_600.0, 300.0])
    far, near = (f"({SENT} / ({DUE} > 0) < 0.95)".replace("10s", window) for window in ("1h", "5m"))
    assert text == f"{far} and {near}"


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        ("latency.max > 1s", "latency.max is of single values, of which no histogram knows the largest"),
        ("latency.p99 > 2 * calm.latency.p99", "calm.latency.p99 reads another span, which Prometheus does not know"),
    ],
)
def test_what_promql_cannot_say_is_named(ours: str, why: str) -> None:
    """Nothing is left out silently, and nothing is said that would mean something else."""
    with pytest.raises(UntoldError) as untold:
        promql(Expression.parse(ours, None), [10.0])
    assert str(untold.value) == why


def test_a_figure_of_the_last_ten_seconds_has_no_other_window() -> None:
    """What the run computes itself is told as it is."""
    with pytest.raises(UntoldError, match=r"score.shift is told over the last 10s only"):
        promql(Expression.parse("score.shift > 20%"), [60.0])


@pytest.mark.parametrize(
    ("ours", "percentiles"),
    [("latency.p95 > 40ms", 1), ("latency.p99 > 2 * latency.p50", 2), ("max(latency.p99, parse.p99) > 50ms", 2)],
)
def test_a_percentile_that_no_bucket_settles_is_remarked(ours: str, percentiles: int) -> None:
    """Prometheus guesses within a bucket; whoever sets such a limit should know."""
    _, remarks = promql(Expression.parse(ours), [10.0])
    assert len(remarks) == percentiles
    assert all("is guessed within its bucket, as no bucket ends at" in remark for remark in remarks)


def test_a_count_is_remarked() -> None:
    """Prometheus stretches what it has read to the whole of a window, so a count may be no whole number there."""
    assert promql(Expression.parse("restarts >= 1"), [10.0]) == (
        "sum by (job, instance) (increase(riskdrill_restarts_total[10s])) >= 1",
        ["restarts is what was read of the count, stretched to 10s"],
    )


def test_every_metric_has_a_query_but_the_largest_of_a_stage() -> None:
    """What expectations can read, Prometheus can."""
    untold = set()
    for metric in METRICS.values():
        try:
            Translation().metric(metric)
        except UntoldError:
            untold.add(metric.name)
    assert untold == {name for name, metric in METRICS.items() if metric.stage is not None and name.endswith(".max")}


def test_a_query_can_be_kept_to_some_processes() -> None:
    """A dashboard asks for those that its reader chose."""
    asked = Translation("1m", 'instance="a"')
    assert asked.metric(METRICS["memory_mb"]) == 'max by (job, instance) (riskdrill_memory_bytes{instance="a"})'
    part = METRICS["mode.full.ratio"].part
    assert isinstance(part, Total)
    assert 'riskdrill_decisions_total{instance="a",mode="full"}[1m]' in asked.metric(METRICS["mode.full.ratio"])
