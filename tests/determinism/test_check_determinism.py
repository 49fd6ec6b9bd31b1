"""The same scenario is the same bytes, in any process."""

from pathlib import Path

import pytest

from sim.cli import main
from sim.determinism import twice
from sim.scenario.load import load
from tests.drills import THIN, thinning
from tests.model_cache import earlier_model
from tests.repository import scenarios

SHIPPED = [path for path in scenarios() if not load(path, files_required=False).external]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_scenario_is_deterministic(
    scenario: Path, world_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of them, thinned, leaves the same files in two processes that hash texts differently."""
    shorter = thinning(scenario, candidate=earlier_model(world_model))
    words = [word for each in shorter for word in ("--set", each)]
    code = main(["check-determinism", str(scenario), "--model", str(world_model), *words])
    told = capsys.readouterr().out
    assert (code, told.partition(":")[0]) == (0, "identical"), told


@pytest.mark.slow
def test_a_difference_ends_with_99_and_both_lines(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two runs that are not one and the same are told apart, and their files are kept."""

    def start(words: list[str], hash_seed: str) -> object:
        return real([*words, "--seed", hash_seed], hash_seed)  # a run that follows Python's text hash

    real = twice._start
    monkeypatch.setattr(twice, "_start", start)
    scenario = tmp_path / "thin.yaml"
    scenario.write_text(THIN)
    out = tmp_path / "out"
    words = ["--duration", "300ms", "--model", str(world_model), "--out", str(out)]
    assert main(["check-determinism", str(scenario), *words]) == 99
    told = capsys.readouterr().out
    assert told.startswith("different: scenario.yaml:")
    assert "first:  seed: 1" in told
    assert "second: seed: 2" in told
    assert (out / "second" / "summary.json").is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere.yaml"], "no such file"),
        (["scenarios/replay_handbook.yaml", "--set", "events.file=nowhere.csv"], "events.file must be a file"),
        (["scenarios/steady.yaml", "--duration", "3"], "--duration 3: must be a duration with a unit"),
        (["scenarios/steady.yaml", "--model", "tests"], "this is not a model folder"),
    ],
)
def test_bad_input_is_refused_in_a_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be used ends with 2 and one line, whichever process finds it."""
    assert main(["check-determinism", *words]) == 2
    error = capsys.readouterr().err.splitlines()
    assert told in error[-1]
