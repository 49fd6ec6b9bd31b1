"""The first use of compiled code, through the commands: said once, kept for all processes, and the same without."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from numba.core.event import install_recorder

from actors.features.assembly import compile_features
from actors.kernels import ready
from tests.drills import THIN, run_thin
from tests.repository import ROOT

SAID = "compiling the features and the engine, once"


class Ran(NamedTuple):
    """What a command said, and the summary of its run."""

    said: str
    summary: dict[str, Any]


def of_new_user(home: Path, *words: str, **env: str) -> str:
    """Return what a command says to a user whose home is ``home``."""
    around = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_"))}
    command, env = [sys.executable, "-m", "sim", *words], around | {"HOME": str(home)} | env
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a thin drill."""
    file = tmp_path_factory.mktemp("scenario") / "thin.yaml"
    file.write_text(THIN)
    return file


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, scenario: Path, world_model: Path) -> dict[str, Ran]:
    """Return the same run, made by a new user, again, where nothing can be kept, and without the compiler."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("runs") / "run"

    def ran(home: Path, **env: str) -> Ran:
        words = ("run", str(scenario), "--model", str(world_model), "--tui", "off", "--out", str(folder))
        said = of_new_user(home, *words, **env)
        return Ran(said, json.loads((folder / "summary.json").read_text()))

    return {
        "first": ran(home),
        "second": ran(home),
        "not kept": ran(Path("/proc")),
        "not compiled": ran(home, NUMBA_DISABLE_JIT="1"),
    }


def test_run_that_compiles_says_so_once(runs: dict[str, Ran]) -> None:
    """And the others say nothing of it."""
    said = {name: ran.said.count(SAID) for name, ran in runs.items()}
    assert said == {"first": 1, "second": 0, "not kept": 1, "not compiled": 0}


def test_run_that_can_keep_nothing_warns(runs: dict[str, Ran]) -> None:
    """One line in its summary says why, and what helps."""
    lines = {name: [line for line in ran.summary["warnings"] if "is not kept" in line] for name, ran in runs.items()}
    assert {name: len(each) for name, each in lines.items()} == dict.fromkeys(runs, 0) | {"not kept": 1}
    assert "/proc/.cache: " in lines["not kept"][0]
    assert "XDG_CACHE_HOME" in lines["not kept"][0]


def test_all_decide_the_same(runs: dict[str, Ran]) -> None:
    """To the last byte of the trace, with a compiler and without."""
    assert len({ran.summary["trace_hash"] for ran in runs.values()}) == 1


def test_processes_of_a_command_compile_once_between_them(tmp_path: Path, scenario: Path, world_model: Path) -> None:
    """The first of them says so, for all."""
    said = of_new_user(tmp_path, "check-determinism", str(scenario), "--model", str(world_model))
    assert said.count(SAID) == 1


# The definition of what is compiled, held against plain references.
@pytest.mark.parametrize("contract", ["tests/features/test_windows.py", "tests/features/test_assembly.py"])
def test_without_compiler_the_contracts_hold(contract: str) -> None:
    """The same tests on the same functions, as Python runs them."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", contract]
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "HYPOTHESIS_PROFILE": "ci"}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout


def test_run_compiles_nothing_once_it_is_ready(tmp_path: Path, world_model: Path) -> None:
    """Its arguments are all of the types that were foreseen: none of them costs a second in the middle of it."""
    ready(compile_features, lambda: None)
    with install_recorder("numba:compile") as recorder:
        run_thin(tmp_path, world_model)
    assert [event.data["dispatcher"] for _, event in recorder.buffer] == []
