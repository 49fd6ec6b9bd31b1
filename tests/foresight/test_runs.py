"""Whole runs are the same with foresight and without."""

from pathlib import Path

import pytest

from actors.model.artifact import load_artifact
from actors.model.slot import ModelSlot
from sim.foresight.scores import ForeseenScores
from sim.foresight.sight import present
from sim.report.summary import Summary
from sim.run import parts
from tests.drills import THIN, run_thin
from tests.model.conftest import Fitted, other_folder, write_folder
from tests.repository import ROOT

DRILLS = {
    "outage": THIN,
    "everything fails": (ROOT / "tests/explore/everything_fails.yaml").read_text(),
}


@pytest.mark.slow
@pytest.mark.parametrize("drill", DRILLS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_foresight_changes_no_byte_of_a_run(
    drill: str, seed: int, tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crashes, duplicates, poison, hangs and a store that fails come out the same, to the last byte of the trace."""

    def run(name: str) -> Summary:
        folder = tmp_path / name
        folder.mkdir()
        return run_thin(folder, world_model, (f"seed={seed}",), DRILLS[drill]).summary

    foreseeing = run("foreseeing")
    monkeypatch.setattr(
        parts,
        "foreseeing",
        lambda names, stream, store, slot: present(names, stream, store),
    )
    as_it_comes = run("as-it-comes")
    assert foreseeing.events_processed > 100
    assert foreseeing.trace_hash == as_it_comes.trace_hash


def test_foreseen_scores_are_the_serving_models(tmp_path: Path, fitted: Fitted) -> None:
    """Whatever was foreseen with whichever model, a row has the score that the serving model's engine gives it."""
    first, second = write_folder(tmp_path / "first", fitted), other_folder(tmp_path / "second", fitted, trees=5)
    slot, scores = ModelSlot(load_artifact(first)), ForeseenScores()
    for swapped in (False, True):
        if swapped:
            slot.swap(load_artifact(second))
        for start in (0, 100, 200, 300):
            expected = slot.current.engine.score(fitted.rows).tolist()
            for at in range(0, 400, 3):
                rows = fitted.rows[at : at + 3]
                assert scores.predict(slot.current, rows).tolist() == expected[at : at + 3]
            scores.foresee(slot.current.engine, fitted.rows[start : start + 100])
