"""Runs on either engine, and models that only one of them takes."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.core.errors import ArtifactError
from actors.model.artifact import GOLDEN_FILE, MODEL_FILE, load_artifact
from actors.model.integrity import Golden
from actors.model.lightgbm_engine import LightGBMEngine
from actors.model.model_file import read_model_file
from sim.cli import main
from sim.clocks.calibration_file import CALIBRATION_FILE, Calibration, digest, read_calibration
from sim.clocks.costs import Cost, Costs
from sim.injection.model_damage import changed_copy, sign
from sim.report.summary import Summary
from sim.scenario.loader import load, parse
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Cut
from sim.trials.trial import Trial, run_trial
from tests.support.drills import THIN, run_thin, thinning
from tests.support.model_cache import earlier_model
from tests.support.thinned import SHIPPED

pytestmark = pytest.mark.slow  # the first of them trains the model

Capture = pytest.CaptureFixture[str]
WHY = "its objective is binary sigmoid:0.875, not binary with sigmoid 1"
REFUSED = f"model.joblib: must be a model that the compiled engine takes, and is not: {WHY}; set pipeline.scorer.engine"


def run(folder: Path, model: Path, engine: str, *overrides: str) -> Summary:
    return run_thin(folder, model, (f"pipeline.scorer.engine={engine}", *overrides)).summary


def entries(folder: Path, kind: str) -> list[dict[str, str]]:
    """Return what the journal says of one kind."""
    found = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    return [entry for entry in found if entry["kind"] == kind]


@pytest.fixture(scope="module")
def other_kind(world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sound model whose scores are made of its sums in another way."""
    folder = tmp_path_factory.mktemp("models") / "flat"
    changed_copy(world_model, folder, lambda text: text.replace("sigmoid:1\n", "sigmoid:0.875\n"), signed=False)
    booster, rows = read_model_file(folder / MODEL_FILE).booster(), load_artifact(world_model).golden.features
    Golden(rows, LightGBMEngine(booster, rows.shape[1]).score(rows)).save(folder / GOLDEN_FILE)
    sign(folder)
    (folder / CALIBRATION_FILE).unlink(missing_ok=True)
    return folder


@pytest.fixture
def thin(tmp_path: Path) -> Path:
    """Return the file of a thin drill."""
    file = tmp_path / "thin.yaml"
    file.write_text(THIN)
    return file


def run_trial_on(engine: str, scenario: Scenario, model: Path) -> Summary:
    scorer = replace(scenario.pipeline.scorer, engine=engine)
    pipeline = replace(scenario.pipeline, scorer=scorer)
    return run_trial(Trial(Cut(replace(scenario, pipeline=pipeline)), model)).summary


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_is_the_same_run_on_either_engine(path: Path, world_model: Path) -> None:
    """At equal costs, thinned, with its faults and releases, each byte of log and journal is the same."""
    scenario = load(path, [*thinning(path, candidate=earlier_model(world_model)), "clock=virtual"])
    runs = [run_trial_on(engine, scenario, world_model) for engine in ("lightgbm", "compiled")]
    assert [each.engine for each in runs] == ["lightgbm", "compiled"]
    assert runs[0].trace_hash == runs[1].trace_hash


def test_auto_serves_with_the_library_what_the_compiled_engine_does_not_take(tmp_path: Path, other_kind: Path) -> None:
    """A warning and a line in the journal say why; the run is as good as any."""
    summary = run(tmp_path, other_kind, "auto")
    assert (summary.engine, summary.verdict) == ("lightgbm", "pass")
    said = f"LightGBM scores model {summary.model}: the compiled engine does not take it: {WHY}"
    assert summary.warnings[0] == said
    assert [entry["detail"] for entry in entries(tmp_path, "engine_fallback")] == [said]


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_model_that_the_engine_asked_for_does_not_take_is_refused_at_the_start(
    thin: Path, other_kind: Path, command: str, capsys: Capture
) -> None:
    """One line and exit code 2, before anything runs; ``validate`` says the same."""
    words = [command, str(thin), "--model", str(other_kind), "--set", "pipeline.scorer.engine=compiled"]
    words += ["--tui", "off", "--out", str(thin.parent / "out")] if command == "run" else []
    assert main(words) == 2
    told = capsys.readouterr()
    (line,) = [each for each in (told.out + told.err).splitlines() if REFUSED in each]
    assert line.endswith("to auto or lightgbm")


def test_a_release_that_the_engine_asked_for_does_not_take_is_refused(
    tmp_path: Path, world_model: Path, other_kind: Path
) -> None:
    """The old model serves on, with or without proof; the journal says why."""
    out = f"kind: model_release, model: {other_kind}"
    steps = f"steps=[{{name: out, at: 500ms, {out}}}, {{name: blind, at: 2s, verify: false, {out}}}]"
    summary = run(tmp_path, world_model, "compiled", steps)
    assert [step.state for step in summary.steps] == ["refused", "refused"]
    assert [REFUSED in entry["detail"] for entry in entries(tmp_path, "model_refused")] == [True, True]
    assert (summary.engine, summary.model) == ("compiled", load_artifact(world_model).manifest.digest)


def test_a_release_may_bring_another_engine_and_a_rollback_brings_the_first_one_back(
    tmp_path: Path, world_model: Path, other_kind: Path
) -> None:
    """With auto each model is scored by the best that takes it."""
    release = f"{{name: out, kind: model_release, at: 500ms, model: {other_kind}}}"
    summary = run(tmp_path / "out", world_model, "auto", f"steps=[{release}]")
    assert (summary.engine, summary.verdict) == ("lightgbm", "pass")
    (entry,) = entries(tmp_path / "out", "engine_fallback")
    assert (entry["name"], WHY in entry["detail"]) == ("out", True)
    back = "{name: back, kind: model_rollback, at: 2s}"
    assert run(tmp_path / "back", world_model, "auto", f"steps=[{release}, {back}]").engine == "compiled"


def test_trials_run_on_the_engine_that_the_scenario_names(world_model: Path, other_kind: Path) -> None:
    """Also one after the other in a process, which loads the model once."""
    scenario = parse(THIN, "thin.yaml")
    words = ("lightgbm", "compiled", "lightgbm", "auto")
    found = [run_trial_on(engine, scenario, world_model).engine for engine in words]
    assert found == ["lightgbm", "compiled", "lightgbm", "compiled"]
    with pytest.raises(ArtifactError, match="compiled engine"):
        run_trial_on("compiled", scenario, other_kind)


def test_costs_measured_with_another_engine_are_not_used(tmp_path: Path, other_kind: Path) -> None:
    """A warning says which one, and what to type; the engine that they were measured with takes them."""
    calibration = Calibration(
        model=load_artifact(other_kind).manifest.digest,
        engine="compiled",
        machine="a machine",
        costs=Costs(decide=Cost(1_000.0, 1.0)),
        predicted_per_s=1.0,
        measured_per_s=1.0,
    )
    calibration.write(other_kind)
    summary = run(tmp_path / "one", other_kind, "lightgbm")
    assert summary.calibration == digest(Costs())
    said = "job times were measured with the engine compiled and are not used: python -m sim calibrate --model"
    assert [warning.startswith(said) for warning in summary.warnings] == [True]
    replace(calibration, engine="lightgbm").write(other_kind)
    summary = run(tmp_path / "other", other_kind, "lightgbm")
    found = read_calibration(other_kind)
    assert found is not None
    assert (summary.calibration, summary.warnings) == (digest(found.costs), ())
