"""Drills of the feature store without what they rehearse: each then fails, and says what broke."""

from pathlib import Path

import pytest

from tests.support.shipped import drill

pytestmark = pytest.mark.slow  # each is a drill of thousands of transactions

CALM = "phases.baseline.rate=100"
THIN_OUTAGE = ("phases.baseline.rate=300", "phases.outage.rate=200")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where a drill may write."""
    return tmp_path / "run"


def without(name: str, model: Path, folder: Path, *overrides: str) -> set[str]:
    """Return which promises a drill breaks with ``overrides``; phases that none of them is about are thinned out."""
    drilled = drill(name, model, folder, *overrides, "phases.recovery.rate=100")
    assert drilled.summary.exit_code == 99
    return drilled.failed


def test_outage_without_the_ladder_lets_fraud_through(world_model: Path, folder: Path) -> None:
    """If missing features approve whoever lacks them, nothing is caught while the store is gone."""
    policy = "pipeline.on_failure.features_missing=fail_open"
    assert {"caught"} <= without("feature_store_outage", world_model, folder, policy, *THIN_OUTAGE)


def test_outage_without_the_ladder_swamps_review(world_model: Path, folder: Path) -> None:
    """If missing features send everyone to review, all fraud is found, among everything else."""
    policy = "pipeline.on_failure.features_missing=fail_to_review"
    assert {"reviews"} <= without("feature_store_outage", world_model, folder, policy, *THIN_OUTAGE)


def test_slow_store_without_its_breaker_slows_decisions(world_model: Path, folder: Path) -> None:
    """Every batch then waits for the store, and the store keeps its load; the time-out alone is no help."""
    no_breaker = ("pipeline.feature_store.breaker=null", "phases.baseline.rate=200")
    broken = without("feature_store_slow", world_model, folder, *no_breaker)
    assert {"median", "spared"} <= broken


def test_slow_store_without_its_cache_costs_the_features(world_model: Path, folder: Path) -> None:
    """With the breaker open and nothing remembered every decision is on the lower rung."""
    broken = without("feature_store_slow", world_model, folder, "pipeline.feature_store.cache=null")
    assert {"cached", "kept"} <= broken


def test_flaky_store_without_retries_is_noticed(world_model: Path, folder: Path) -> None:
    """One look-up in twenty then costs its decisions a rung."""
    broken = without("feature_store_flaky", world_model, folder, "pipeline.feature_store.retry=null", CALM)
    assert {"unnoticed", "useful"} <= broken


def test_flaky_store_without_a_retry_budget_gets_more_load(world_model: Path, folder: Path) -> None:
    """Naive retries hide the failures, and give a store in trouble over half as much again."""
    no_budget = ("pipeline.feature_store.retry.budget=null", CALM)
    broken = without("feature_store_flaky", world_model, folder, *no_budget)
    assert {"bounded", "detected"} <= broken


def test_tail_of_the_store_without_second_calls_is_waited_for(world_model: Path, folder: Path) -> None:
    """One pause in fifty look-ups makes everyone late who arrives in it."""
    no_hedge = ("pipeline.feature_store.hedge=null", "phases.slow.rate=100", CALM)
    broken = without("feature_store_tail", world_model, folder, *no_hedge)
    assert {"look-ups", "tail"} <= broken


def test_second_calls_without_a_budget_double_the_load(world_model: Path, folder: Path) -> None:
    """A store that is slow as a whole is then asked twice for everything, and is no quicker for it."""
    naive = ("pipeline.feature_store.retry={attempts: 1, budget: null}", "phases.tail.rate=100", CALM)
    assert {"bounded"} <= without("feature_store_tail", world_model, folder, *naive)


def test_wrong_features_are_not_seen_in_errors_and_misses(world_model: Path, folder: Path) -> None:
    """An alert on failures and gaps, which every store has, never rings; only drift tells."""
    blind = "feature_store.error_ratio > 1% or feature_store.miss_ratio > 5%"
    broken = without("feature_store_wrong", world_model, folder, f"alerts.BatchFeaturesWrong.expr={blind}", CALM)
    assert {"detected"} <= broken


def dead_store(model: Path, folder: Path, retry: str) -> float:
    """Return how many calls a store got for each look-up that failed from the first to the last transaction."""
    drilled = drill(
        "feature_store_flaky",
        model,
        folder,
        "phases=[{name: dead, duration: 4s, rate: 300}]",
        "faults=[{name: down, kind: feature_store_outage, at: 0s, duration: 4s}]",
        "expect=[]",
        f"pipeline.feature_store.retry={retry}",
    )
    use = drilled.summary.feature_store
    assert use.look_ups > 500
    assert use.failed == use.look_ups
    assert use.calls_per_look_up is not None
    return use.calls_per_look_up


def test_budget_of_a_tenth_adds_a_tenth_to_the_load_of_a_dead_store(world_model: Path, tmp_path: Path) -> None:
    """At most 1.1 calls a look-up, all counted, where naive retries make three and more of it."""
    with_budget = dead_store(world_model, tmp_path / "budget", "{attempts: 4, budget: 0.1}")
    naive = dead_store(world_model, tmp_path / "naive", "{attempts: 4, budget: null}")
    assert 1.09 < with_budget <= 1.1
    assert naive >= 3.0
