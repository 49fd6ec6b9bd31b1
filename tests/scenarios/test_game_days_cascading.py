"""The game day of a store that hangs in the peak, without its breaker: the jam that the drill is about."""

from pathlib import Path

import pytest

from tests.support.shipped import drill

pytestmark = pytest.mark.slow  # tens of thousands of transactions


def test_without_the_breaker_time_outs_jam_the_pipeline(world_model: Path, tmp_path: Path) -> None:
    """Every batch waits for its whole time-out, so that the mailbox is full and decisions are seconds late."""
    words = ("pipeline.feature_store.breaker=null", "phases.evening.rate=200")
    without = drill("cascading", world_model, tmp_path / "run", *words)
    assert without.summary.exit_code == 99
    assert {"given-up", "median", "tail", "no-jam"} <= without.failed
    assert "errors" not in without.failed  # late, and still decided
    assert "books" not in without.failed


def test_time_out_alone_does_not_save_the_peak(world_model: Path, tmp_path: Path) -> None:
    """A breaker that never has enough calls to judge by is none."""
    words = ("pipeline.feature_store.breaker={window: 1000, minimum_calls: 1000}", "phases.evening.rate=200")
    assert {"median", "no-jam"} <= drill("cascading", world_model, tmp_path / "run", *words).failed
