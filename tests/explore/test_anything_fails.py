"""Drills in which much fails at once, many times: whatever happens, no invariant breaks."""

from pathlib import Path

import pytest

from tests.explore.test_explore import explore
from tests.support.repository import ROOT

pytestmark = pytest.mark.slow


def drill(name: str) -> str:
    """Return the text of a drill that is explored here."""
    return (ROOT / "tests" / "explore" / f"{name}.yaml").read_text()


def test_whoever_is_killed_no_invariant_breaks(tmp_path: Path, world_model: Path) -> None:
    """Each actor is killed six times at random instants, in each run at others: nothing lost, doubled or overtaken."""
    code, found = explore(tmp_path, world_model, drill("crash_anywhere"), "--seeds", "12", "--anywhere", slower=())
    assert [failure.attempt.broken for failure in found.failures] == []
    assert (code, found.done) == (0, 12)


def test_whatever_fails_no_invariant_breaks(tmp_path: Path, world_model: Path) -> None:
    """Fifteen faults at other times in each run cost latency, features, log lines and deliveries, and nothing else."""
    code, found = explore(tmp_path, world_model, drill("everything_fails"), "--seeds", "12", "--anywhere", slower=())
    assert [failure.attempt.broken for failure in found.failures] == []
    assert (code, found.done) == (0, 12)
    assert found.passed + found.held == 12, "no run in which nothing was tried out"
    assert found.faults == 12 * 15
    assert found.faults_bit >= 0.95 * found.faults


def test_whatever_is_released_no_invariant_breaks(tmp_path: Path, world_model: Path) -> None:
    """A damaged candidate, then a model that scores nonsense, while the scorer crashes: each decided once, in order."""
    code, found = explore(tmp_path, world_model, drill("releases_fail"), "--seeds", "2", slower=())
    assert [failure.attempt.broken for failure in found.failures] == []
    assert (code, found.passed) == (0, 2)
