"""Drills of the model fail once what they rehearse is taken away."""

from pathlib import Path

import pytest

from tests.support.shipped import drill

pytestmark = pytest.mark.slow

SHORT_SLOW = (
    "phases.baseline.duration=1s",
    "phases.slow.duration=5s",
    "phases.recovery.duration=3s",
    "faults.heavy-model.at=1s",
    "faults.heavy-model.duration=5s",
)
SHORT_ERRORS = (
    "phases.baseline.duration=8s",
    "phases.failing.duration=8s",
    "phases.recovery.duration=2s",
    "faults.no-model.at=8s",
    "faults.no-model.duration=8s",
    "expect.detected.fires_within=9s",
    "expect.detected.resolves_within=1s",
)
THIN_RELEASE = ("phases.baseline.rate=150", "phases.release.rate=150", "phases.recovery.rate=150")
SHORT_RELEASE = ("phases.recovery.duration=8s", "faults.nonsense.duration=29s", "expect.paged.resolves_within=8s")
THIN_BLIND = ("phases.baseline.rate=200", "phases.blind.rate=200", "phases.recovery.rate=200")
THIN_RELEASES = ("phases.baseline.rate=100", "phases.releasing.rate=100", "phases.released.rate=100")


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
    """Without a deadline the backlog grows for as long as the model is slow; shedding alone leaves all a long queue."""
    drilled = drill("model_slow", world_model, tmp_path / "run", *SHORT_SLOW, *taken_away)
    assert missed <= drilled.failed
    assert drilled.summary.exit_code == 99


def test_a_slow_model_that_may_hold_the_event_loop_makes_everybody_late(world_model: Path, tmp_path: Path) -> None:
    """The producer first: its transactions cannot even set out on time, so that nothing else can be judged."""
    drilled = drill("model_slow", world_model, tmp_path / "run", *SHORT_SLOW, "pipeline.scorer.inline_time=1h")
    assert drilled.summary.exit_code == 3
    assert "the producer was late" in str(drilled.summary.reasons)


def test_without_rules_a_failing_model_lets_fraud_through(world_model: Path, tmp_path: Path) -> None:
    """Who approves whatever cannot be scored catches nothing."""
    fail_open = "pipeline.on_failure.model_failed=fail_open"
    drilled = drill("model_errors", world_model, tmp_path / "run", *SHORT_ERRORS, fail_open)
    assert "caught" in drilled.failed
    assert drilled.summary.exit_code == 99


def test_with_a_high_review_threshold_a_model_that_says_nothing_approves_all(world_model: Path, tmp_path: Path) -> None:
    """Review has to begin below 0.5, or the middle of the scale is let through unseen."""
    thresholds = ("pipeline.thresholds.review=0.6", "pipeline.thresholds.block=0.8")
    drilled = drill("model_saturated", world_model, tmp_path / "run", *THIN_BLIND, *thresholds)
    assert {"reviewed", "caught"} <= drilled.failed
    assert drilled.summary.exit_code == 99


def test_without_verification_a_damaged_model_serves(world_model: Path, tmp_path: Path) -> None:
    """The one that loads does; the one that ends whoever loads it is refused all the same, and this process lives."""
    unverified = ("steps.first-try.verify=false", "steps.second-try.verify=false")
    drilled = drill("model_corrupt_release", world_model, tmp_path / "run", *THIN_RELEASES, *unverified)
    assert "refused" in drilled.failed
    assert "survived" not in drilled.failed
    assert [each.state for each in drilled.summary.steps] == ["refused", "done", "done"]
    assert drilled.summary.steps[1].detail.endswith(", without proof")
    assert drilled.summary.exit_code == 99


def test_without_a_rollback_a_bad_release_costs_without_bound(world_model: Path, tmp_path: Path) -> None:
    """The bad model blocks honest customers to the end, and the page never resolves."""
    drilled = drill("bad_release", world_model, tmp_path / "run", "steps=[]")
    assert {"bounded", "spared", "paged"} <= drilled.failed
    assert drilled.summary.exit_code == 99


def test_a_rollback_that_an_alert_brings_about_spares_most_of_it(world_model: Path, tmp_path: Path) -> None:
    """Seconds instead of twenty: a quarter of the bound, and over before the alert on score shift can tell."""
    automatic = ("steps.rollback.at=10500ms", "steps.rollback.when=BlocksHigh")
    quarter = "expect.bounded.expr=wrongly_blocked + fraud_loss < 212500"
    drilled = drill("bad_release", world_model, tmp_path / "run", *automatic, quarter, *SHORT_RELEASE)
    assert drilled.failed == {"shifted", "taken-over"}
    (rollback,) = drilled.summary.steps
    assert rollback.taken_at_s == 13.0
    assert drilled.summary.ledger.balanced


@pytest.mark.parametrize(("scores", "page"), [("shuffled", "BlocksHigh"), ("constant", "ScoresClustered")])
def test_whatever_nonsense_a_model_scores_somebody_is_paged(
    scores: str, page: str, world_model: Path, tmp_path: Path
) -> None:
    """Shuffled columns block most customers, too; a constant blocks nobody and clusters: each has its page."""
    paged = f"expect=[{{name: paged, during: release, alert: {page}, fires_within: 10s, resolves_within: 16s}}]"
    nonsense = f"faults.nonsense.scores={scores}"
    drilled = drill("bad_release", world_model, tmp_path / "run", nonsense, paged, *THIN_RELEASE)
    assert not drilled.unproved
