"""Whole runs are the same with lookahead and without."""

from pathlib import Path

import pytest

from sim.lookahead.wrapped_ports import without_lookahead
from sim.report.summary import Summary
from sim.run import composition
from tests.support.drills import THIN, run_thin
from tests.support.repository import ROOT

DRILLS = {
    "outage": THIN,
    "everything fails": (ROOT / "tests/explore/everything_fails.yaml").read_text(),
}


@pytest.mark.slow
@pytest.mark.parametrize("drill", DRILLS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lookahead_changes_no_byte_of_a_run(
    drill: str, seed: int, tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crashes, duplicates, poison, hangs and a store that fails come out the same, to the last byte of the trace."""

    def run(name: str) -> Summary:
        folder = tmp_path / name
        folder.mkdir()
        return run_thin(folder, world_model, (f"seed={seed}",), DRILLS[drill]).summary

    ahead = run("ahead")
    monkeypatch.setattr(
        composition,
        "with_lookahead",
        lambda names, stream, store, slot: without_lookahead(names, stream, store),
    )
    as_it_comes = run("as-it-comes")
    assert ahead.events_processed > 100
    assert ahead.trace_hash == as_it_comes.trace_hash
