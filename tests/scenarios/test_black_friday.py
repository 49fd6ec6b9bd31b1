"""The game day of Black Friday holds because of what its team has prepared, piece by piece."""

from pathlib import Path

import pytest

from tests.drills import run_thin
from tests.scenarios.drill import drill

pytestmark = pytest.mark.slow

SHORT = "phases.evening.duration=15s"  # what is asked of the evening is asked in the whole drill


@pytest.mark.parametrize(
    ("without", "failing"),
    [
        (("pipeline.feature_store.breaker=null",), {"tripped", "not-waiting"}),
        (("pipeline.feature_store.retry=null",), {"retried"}),
        (("pipeline.feature_store.cache=null",), {"remembered"}),
        (("pipeline.scorer.deadline=null", "pipeline.mailboxes.scorer.shed_above=null"), {"by-rules", "tail"}),
        (("pipeline.on_failure.features_missing=fail_open",), {"caught", "money"}),
    ],
    ids=["breaker", "retry", "cache", "deadline and shedding", "ladder"],
)
def test_it_fails_without(without: tuple[str, ...], failing: set[str], world_model: Path, tmp_path: Path) -> None:
    """Each piece is needed: taken away, the drill fails at what it is there for."""
    words = without if "caught" in failing else (*without, SHORT)  # fraud is judged when its labels are there
    drilled = drill("black_friday", world_model, tmp_path / "run", *words)
    assert failing <= drilled.failed
    assert drilled.summary.exit_code == 99


@pytest.mark.parametrize("gone", ["pipeline.scorer.deadline", "pipeline.mailboxes.scorer.shed_above"])
def test_deadline_and_load_shedding_stand_in_for_each_other(gone: str, world_model: Path, tmp_path: Path) -> None:
    """Either alone still decides by rules what a slow model cannot."""
    drilled = drill("black_friday", world_model, tmp_path / "run", f"{gone}=null", SHORT)
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
