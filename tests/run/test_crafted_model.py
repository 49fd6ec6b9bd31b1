"""A model folder made to run code and signed by whoever made it, in each of its ways in: nothing of it is run."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest

from actors.model.artifact import MODEL_FILE, load_artifact
from actors.model.model_file import read_model_file, write_model_file
from actors.model.serving import ModelSlot
from actors.model.verification import ChildVerification
from actors.telemetry.telemetry import Telemetry
from sim.cli import main
from sim.injection.model_damage import sign
from sim.journal import Journal
from sim.report.summary import Summary
from sim.run.model_watch import WATCH, ModelWatch
from sim.steps.model_changes import ModelChanges
from tests.support.actors.pickles import Trap, carrying
from tests.support.drills import THIN, run_thin
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual

pytestmark = pytest.mark.slow

Craft = Callable[[Path], Path]
TOLD = {"plain": "pathlib.Path.touch", "array": "joblib.numpy_pickle.NumpyArrayWrapper"}


@pytest.fixture
def sprung(tmp_path: Path) -> Path:
    """The file that there is only if something of a crafted model was run."""
    return tmp_path / "sprung"


@pytest.fixture(params=TOLD)
def hidden(request: pytest.FixtureRequest) -> str:
    """Where in the model the trap lies: beside its text, or inside an array of objects beside it."""
    return str(request.param)


@pytest.fixture
def craft(world_model: Path, sprung: Path, hidden: str) -> Craft:
    """Return what makes a folder of the world's model with a trap in it, and a manifest that agrees."""

    def make(folder: Path) -> Path:
        shutil.copytree(world_model, folder)
        booster = read_model_file(folder / MODEL_FILE).booster()
        burden: object = Trap(sprung)
        if hidden == "array":
            burden = np.array([[burden]], dtype=object)
        joblib.dump(carrying(booster, burden), folder / MODEL_FILE)
        sign(folder)
        return folder

    return make


def start(tmp_path: Path, model: Path) -> list[str]:
    """Return the command that runs a thin drill with ``model``."""
    (tmp_path / "thin.yaml").write_text(THIN)
    return ["run", str(tmp_path / "thin.yaml"), "--model", str(model), "--out", str(tmp_path / "run"), "--tui", "off"]


def refusals(run: Path) -> list[str]:
    """Return why models were refused, as the journal of a run has it."""
    entries = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    return [entry["detail"] for entry in entries if entry["kind"] == "model_refused"]


def released(tmp_path: Path, world_model: Path, more: str) -> Summary:
    step = f"{{name: out, kind: model_release, at: 500ms, {more}}}"
    return run_thin(tmp_path / "run", world_model, (f"steps=[{step}]",), THIN).summary


def test_the_trap_works_on_a_reader_that_believes_pickles(craft: Craft, sprung: Path, tmp_path: Path) -> None:
    """Otherwise the tests here would prove nothing."""
    joblib.load(craft(tmp_path / "bad") / MODEL_FILE)
    assert sprung.exists()


def test_at_the_start_of_a_run_it_is_refused_with_a_line(
    craft: Craft, sprung: Path, hidden: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing runs, nothing is left behind."""
    bad = craft(tmp_path / "bad")
    assert main(start(tmp_path, bad)) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if TOLD[hidden] in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"{bad}/{MODEL_FILE}: must hold a LightGBM booster and nothing else")
    assert not sprung.exists()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("more", ["", ", verify: false"])
def test_a_release_of_it_is_refused_and_the_old_model_serves_on(
    more: str, craft: Craft, sprung: Path, hidden: str, world_model: Path, tmp_path: Path
) -> None:
    """Whether or not it would have to prove itself; the journal says why."""
    summary = released(tmp_path, world_model, f"model: {craft(tmp_path / 'bad')}{more}")
    assert not sprung.exists()
    assert summary.steps[0].state == "refused"
    (why,) = refusals(tmp_path / "run")
    assert TOLD[hidden] in why
    assert summary.model == load_artifact(world_model).manifest.digest
    assert summary.ledger.balanced


def test_put_where_a_model_with_fewer_trees_is_kept_it_is_refused(
    craft: Craft,
    sprung: Path,
    hidden: str,
    world_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is found under the name of a model made earlier is believed no more than any other."""
    monkeypatch.setattr("sim.run.model_choice.model_cache", lambda: tmp_path)
    craft(tmp_path / f"{load_artifact(world_model).manifest.digest}-20-trees")
    assert released(tmp_path, world_model, "trees: 20").steps[0].state == "refused"
    assert TOLD[hidden] in refusals(tmp_path / "run")[0]
    assert not sprung.exists()


def test_put_into_the_served_folder_it_is_refused(
    craft: Craft, sprung: Path, hidden: str, world_model: Path, tmp_path: Path
) -> None:
    """The watch sees it, the child refuses it, the journal says why, the old model serves."""
    served = tmp_path / "served"
    shutil.copytree(world_model, served)
    bad = craft(tmp_path / "bad")

    async def look() -> tuple[str, list[tuple[str, str, str]]]:
        clock, first = virtual_clock(), load_artifact(served)
        slot, journal = ModelSlot(first), Journal(clock)
        model_changes = ModelChanges(slot, first, ChildVerification(), Telemetry(first.reference), journal)
        watch = ModelWatch(served, tmp_path, model_changes, clock)
        shutil.rmtree(served)
        bad.rename(served)
        await watch.look()
        await watch.look()
        return slot.current.digest, [(entry.kind, entry.name, entry.detail) for entry in journal.entries]

    digest, ((kind, name, why),) = run_virtual(look())
    assert (kind, name, digest) == ("model_refused", WATCH, load_artifact(world_model).manifest.digest)
    assert TOLD[hidden] in why
    assert not sprung.exists()


@pytest.mark.parametrize("text", ["tree\nversion=v4\n", "no model at all"])
def test_a_text_that_would_end_the_process_ends_only_its_child(
    text: str, world_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the start too, although it was signed: exit code 2 and a line, where LightGBM would abort."""
    bad = tmp_path / "bad"
    shutil.copytree(world_model, bad)
    write_model_file(bad / MODEL_FILE, read_model_file(bad / MODEL_FILE)._replace(text=text))
    sign(bad)
    assert main(start(tmp_path, bad)) == 2
    assert str(bad) in capsys.readouterr().err
