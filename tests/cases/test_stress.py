"""Cases of things broken on purpose: load beyond capacity, forced endings, faults in pairs."""

from collections.abc import Callable

import pytest

from tests.support.cases import Case


def test_a_fault_changes_what_another_has_damaged(case: Callable[[str], Case]) -> None:
    """Drift meets poisoned transactions: these stay poisoned, the others drift, and neither fault fails."""
    outcome = case("40").run("poison_and_drift")
    assert outcome.code == 0, outcome.out
    assert [each["error"] for each in outcome.summary["faults"]] == ["", ""]
    assert outcome.summary["ledger"]["dead_lettered"] > 300


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_what_a_forced_drain_decided_is_accounted_for(case: Callable[[str], Case], clock: str) -> None:
    """A drain that runs out of time with thousands inside: the books balance, and no line says anything else."""
    shorter = ["--set", "pipeline.drain_timeout=50ms", "--set", "phases.overload.duration=2s"]
    outcome = case("40").run("drain", *shorter, "--clock", clock)
    books = outcome.summary["ledger"]
    assert books["balanced"], outcome.out
    assert outcome.summary["modes"]["default"] > 0
    assert books["produced"] == books["decided"] == books["logged"] == books["delivered"] + books["undelivered"]
    assert "balanced ✓" in outcome.out
    assert "does not balance" not in outcome.out
    assert [each["state"] for each in outcome.summary["expectations"]] == ["passed"]
