"""The game day of Black Friday holds because of what its team has prepared, piece by piece."""

from pathlib import Path

import pytest

from tests.support.drills import run_thin
from tests.support.shipped import drill

pytestmark = pytest.mark.slow

CALM = ("phases.evening.rate=100",)  # what is asked of the evening is asked in the whole drill
ONLY_RUSH = ("phases.morning.rate=100", *CALM)
NO_RUSH = ("phases.doors.ramp_to=1000", "phases.rush.rate=1000", *CALM)  # for what does not depend on the load
PIECES = {
    "breaker": ("pipeline.feature_store.breaker=null", {"tripped", "not-waiting"}),
    "retry": ("pipeline.feature_store.retry=null", {"retried"}),
    "cache": ("pipeline.feature_store.cache=null", {"remembered"}),
    "ladder": ("pipeline.on_failure.features_missing=fail_open", {"caught", "money"}),
}


@pytest.mark.parametrize("piece", PIECES)
def test_it_fails_without(piece: str, world_model: Path, tmp_path: Path) -> None:
    """Each piece is needed: taken away, the drill fails at what it is there for."""
    without, failing = PIECES[piece]
    drilled = drill("black_friday", world_model, tmp_path / "run", without, *NO_RUSH)
    assert failing <= drilled.failed
    assert drilled.summary.exit_code == 99


def test_no_rush_is_not_what_it_fails_at(world_model: Path, tmp_path: Path) -> None:
    """With every piece in its place the smaller drill keeps all the promises that it breaks without one."""
    drilled = drill("black_friday", world_model, tmp_path / "run", *NO_RUSH)
    assert not drilled.unproved & set().union(*(failing for _, failing in PIECES.values()))


def test_in_the_rush_it_fails_without_deadline_and_load_shedding(world_model: Path, tmp_path: Path) -> None:
    """Nobody is decided by rules, and everybody waits for the slow model."""
    neither = ("pipeline.scorer.deadline=null", "pipeline.mailboxes.scorer.shed_above=null")
    drilled = drill("black_friday", world_model, tmp_path / "run", *neither, *ONLY_RUSH)
    assert {"by-rules", "tail"} <= drilled.failed
    assert drilled.summary.exit_code == 99


@pytest.mark.parametrize("gone", ["pipeline.scorer.deadline", "pipeline.mailboxes.scorer.shed_above"])
def test_deadline_and_load_shedding_stand_in_for_each_other(gone: str, world_model: Path, tmp_path: Path) -> None:
    """Either alone still decides by rules what a slow model cannot."""
    drilled = drill("black_friday", world_model, tmp_path / "run", f"{gone}=null", *ONLY_RUSH)
    assert "by-rules" not in drilled.failed


SLOW_MODEL = """\
version: 1
name: slow-model
clock: virtual
world: {cards: 4000, merchants: 400}
phases:
  - {name: calm,     duration: 1s, rate: 150}
  - {name: recovery, duration: 4s, rate: 150}
pipeline: {scorer: {deadline: 10ms}}
faults: [{name: slow, kind: model_slow, at: 500ms, duration: 500ms, factor: 1000}]
expect:
  - {name: by-rules,  during: slow,     expr: "mode.rules.ratio > 50%"}
  - {name: recovered, during: recovery, expr: "mode.full.ratio > 99%", within: 2s}
"""


def test_model_that_was_slower_than_the_deadline_is_asked_again(world_model: Path, tmp_path: Path) -> None:
    """Once not one row would be answered in time nothing is scored, and nothing learnt; yet the model comes back."""
    summary = run_thin(tmp_path / "run", world_model, text=SLOW_MODEL).summary
    assert {each.name: each.state for each in summary.expectations} == {"by-rules": "passed", "recovered": "passed"}
