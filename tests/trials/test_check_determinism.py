"""The same scenario is the same bytes, in any process."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from sim.cli import main
from sim.trials import determinism
from sim.trials.determinism import first_difference
from tests.support.drills import THIN
from tests.support.repository import ROOT
from tests.support.thinned import SHIPPED

ORDERS = {"1": "forwards", "2": "backwards"}  # by seed of Python's text hash


@pytest.mark.slow
def test_every_shipped_scenario_is_deterministic(world_model: Path, tmp_path: Path) -> None:
    """Each of them, thinned, leaves the same files in two processes, whatever they ran before.

    The two hash texts differently, and one runs all scenarios from the first to the last, the other from the last.
    """
    with ExitStack() as stack:
        children = [stack.enter_context(_start(world_model, tmp_path, seed)) for seed in ORDERS]
        complaints = [child.communicate()[1] for child in children]
    assert [child.returncode for child in children] == [0, 0], complaints
    differences = {
        path.stem: first_difference(*(tmp_path / order / path.stem for order in ORDERS.values())) for path in SHIPPED
    }
    assert differences == dict.fromkeys(differences)
    assert all((tmp_path / "forwards" / name / "summary.json").is_file() for name in differences)


def _start(model: Path, folder: Path, hash_seed: str) -> "subprocess.Popen[str]":
    order = ORDERS[hash_seed]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.thinned", str(model), str(folder / order), order],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_the_same_scenario_is_identical_in_two_fresh_processes(
    tmp_path: Path, world_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says so, and ends with 0."""
    scenario = tmp_path / "thin.yaml"
    scenario.write_text(THIN)
    code = main(["check-determinism", str(scenario), "--model", str(world_model)])
    told = capsys.readouterr().out
    assert (code, told.partition(":")[0]) == (0, "identical"), told


@pytest.mark.slow
def test_a_difference_ends_with_99_and_both_lines(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two runs that are not one and the same are told apart, and their files are kept."""

    def start(words: list[str], hash_seed: str) -> object:
        return real([*words, "--seed", hash_seed], hash_seed)  # a run that follows Python's text hash

    real = determinism._start
    monkeypatch.setattr(determinism, "_start", start)
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
