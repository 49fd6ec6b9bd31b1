"""A name that no metric has leads to the one that was meant."""

import pytest

from actors.telemetry.metrics.catalogue import METRICS, suggestion


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("p95", "latency.p95"),
        ("p50", "latency.p50"),
        ("median", "latency.p50"),
        ("p99.9", "latency.p99_9"),
        ("p999", "latency.p99_9"),
        ("p100", "latency.max"),
        ("latency.p100", "latency.max"),
        ("latency.p99.9", "latency.p99_9"),
        ("latency_p95_ms", "latency.p95"),
        ("Latency.P95", "latency.p95"),
        ("feature_store.p100", "feature_store.max"),
        ("avg", "latency.mean"),
        ("calm.p95", "calm.latency.p95"),
        ("error_rate", "error_ratio"),
        ("calm.error_rate", "calm.error_ratio"),
        ("auc", "live_roc_auc"),
        ("tps", "throughput"),
        ("rps", "throughput"),
        ("memory", "memory_mb"),
        ("tpr", "recall"),
        ("fpr", "false_positive_rate"),
        ("psi", "psi.max"),
        ("amount", "psi.amount"),
        ("miss_rate", "feature_store.miss_ratio"),
        ("thruoghput", "throughput"),
        ("psi.amuont", "psi.amount"),
    ],
)
def test_a_name_is_understood_by_meaning_before_spelling(name: str, meant: str) -> None:
    """Words of other tools and of our own summary, percentiles however written, then what looks like it."""
    assert suggestion(name, ("calm",), ("amount",)) == f"; did you mean {meant}?"


@pytest.mark.parametrize("name", ["latency.p90", "p90", "latency.p75", "calm.p90"])
def test_a_percentile_that_is_not_measured_names_those_that_are(name: str) -> None:
    """No percentile stands for another one."""
    scope = "calm." if name.startswith("calm") else ""
    assert suggestion(name, ("calm",)) == f"; of {scope}latency there are p50, p95, p99, p99_9, mean, max"


def test_what_resembles_nothing_is_not_guessed_at() -> None:
    """A wrong guess is worse than none."""
    assert [suggestion(name) for name in ("test", "x", "")] == ["", "", ""]


def test_no_word_stands_for_two_metrics() -> None:
    """Other words for a metric are its own, and none is another one's name."""
    words = [word for metric in METRICS.values() for word in metric.also.split()]
    assert sorted(words) == sorted(set(words))
    assert not set(words) & set(METRICS)
