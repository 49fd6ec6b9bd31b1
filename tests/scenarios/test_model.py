"""Drills of the model fail once what they rehearse is taken away."""

from pathlib import Path

import pytest

from tests.scenarios.drill import drill

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("taken_away", "missed"),
    [
        (("pipeline.scorer.deadline=null", "pipeline.mailboxes.scorer.shed_above=null"), {"tail", "keeping-up"}),
        (("pipeline.scorer.deadline=null",), {"tail"}),
    ],
    ids=["neither-deadline-nor-shedding", "no-deadline"],
)
def test_a_slow_model_makes_everyone_late_unless_rules_decide_in_its_place(
    taken_away: tuple[str, ...], missed: set[str], world_model: Path, tmp_path: Path
) -> None:
    """Without a deadline the backlog grows for as long as the model is slow; a bounded mailbox alone means seconds."""
    drilled = drill("model_slow", world_model, tmp_path / "run", *taken_away)
    assert missed <= drilled.failed
    assert drilled.summary.exit_code == 99


def test_without_rules_a_failing_model_lets_fraud_through(world_model: Path, tmp_path: Path) -> None:
    """Who approves whatever cannot be scored catches nothing."""
    drilled = drill("model_errors", world_model, tmp_path / "run", "pipeline.on_failure.model_failed=fail_open")
    assert drilled.failed == {"caught"}
    assert drilled.summary.exit_code == 99


def test_without_verification_a_damaged_model_serves(world_model: Path, tmp_path: Path) -> None:
    """The one that loads does; the one that ends whoever loads it is refused all the same, and this process lives."""
    unverified = ("steps.first-try.verify=false", "steps.second-try.verify=false")
    drilled = drill("model_corrupt_release", world_model, tmp_path / "run", *unverified)
    assert drilled.failed == {"refused"}
    assert [each.state for each in drilled.summary.steps] == ["refused", "done", "done"]
    assert drilled.summary.exit_code == 99


def test_without_a_rollback_a_bad_release_costs_without_bound(world_model: Path, tmp_path: Path) -> None:
    """The bad model blocks honest customers to the end, and the page never resolves."""
    drilled = drill("bad_release", world_model, tmp_path / "run", "steps=[]")
    assert {"bounded", "spared", "paged"} <= drilled.failed
    assert drilled.summary.exit_code == 99


@pytest.mark.parametrize("scores", ["shuffled", "constant"])
def test_whatever_nonsense_a_model_scores_something_rings(scores: str, world_model: Path, tmp_path: Path) -> None:
    """Shuffled columns block most customers, too; a constant blocks nobody and clusters: each has its page."""
    page = {"shuffled": "BlocksHigh", "constant": "ScoresClustered"}[scores]
    drilled = drill(
        "bad_release",
        world_model,
        tmp_path / "run",
        f"faults.nonsense.scores={scores}",
        f"expect=[{{name: paged, during: release, alert: {page}, fires_within: 10s, resolves_within: 16s}}]",
    )
    assert not drilled.unproved
