"""The first use of compiled code, through the commands: said once, kept for all processes, and the same without."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from numba.core.event import install_recorder

from sim.kernel_warm_up import COMPILING, make_ready
from tests.support.drills import THIN, run_thin
from tests.support.repository import ROOT

SAID = f"{COMPILING}, once"


class Ran(NamedTuple):
    """What a command said, and the summary of its run."""

    said: str
    summary: dict[str, Any]


def said_to(home: Path, *words: str, **env: str) -> str:
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
def checked(tmp_path_factory: pytest.TempPathFactory, scenario: Path, world_model: Path) -> tuple[Path, str]:
    """Return the home of a new user, whose first command started processes of its own, and what it said."""
    home = tmp_path_factory.mktemp("home")
    return home, said_to(home, "check-determinism", str(scenario), "--model", str(world_model))


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, scenario: Path, world_model: Path, checked: tuple[Path, str]
) -> dict[str, Ran]:
    """Return the same run of that user, of one who can keep nothing, and without the compiler."""
    folder = tmp_path_factory.mktemp("runs") / "run"

    def ran(home: Path, **env: str) -> Ran:
        words = ("run", str(scenario), "--model", str(world_model), "--tui", "off", "--out", str(folder))
        said = said_to(home, *words, **env)
        return Ran(said, json.loads((folder / "summary.json").read_text()))

    home, _ = checked
    return {"kept": ran(home), "not kept": ran(Path("/proc")), "not compiled": ran(home, NUMBA_DISABLE_JIT="1")}


def test_command_that_starts_processes_says_that_it_compiles(checked: tuple[Path, str]) -> None:
    """Once, for all of them."""
    assert checked[1].count(SAID) == 1


def test_run_says_that_it_compiles(runs: dict[str, Ran]) -> None:
    """Once; and nothing where it does not."""
    said = {name: ran.said.count(SAID) for name, ran in runs.items()}
    assert said == {"kept": 0, "not kept": 1, "not compiled": 0}


def test_run_that_can_keep_nothing_warns(runs: dict[str, Ran]) -> None:
    """One line in its summary says why, and what helps."""
    lines = {name: [line for line in ran.summary["warnings"] if "is not kept" in line] for name, ran in runs.items()}
    assert {name: len(each) for name, each in lines.items()} == dict.fromkeys(runs, 0) | {"not kept": 1}
    assert "/proc/.cache: " in lines["not kept"][0]
    assert "XDG_CACHE_HOME" in lines["not kept"][0]


def test_all_decide_the_same(runs: dict[str, Ran]) -> None:
    """To the last byte of the trace, with a compiler and without."""
    assert len({ran.summary["trace_hash"] for ran in runs.values()}) == 1


# What is compiled is held against plain references, and against LightGBM, by these.
@pytest.mark.parametrize(
    "contract",
    [
        "tests/features/test_entity_windows.py",
        "tests/features/test_assembly.py",
        "tests/model/test_engines.py::test_scores_equal_the_library_to_the_last_bit",
        "tests/model/test_engines.py::test_a_model_of_any_shape_scores_as_the_library_does",
    ],
)
def test_without_compiler_the_contracts_hold(contract: str) -> None:
    """The same tests on the same functions, as Python runs them."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", contract]
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "HYPOTHESIS_PROFILE": "ci"}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout


def test_run_compiles_nothing_once_it_is_ready(tmp_path: Path, world_model: Path) -> None:
    """Its arguments are all of the types that were foreseen: none of them costs a second in the middle of it."""
    make_ready(lambda _: None)
    with install_recorder("numba:compile") as recorder:
        run_thin(tmp_path, world_model)
    assert [event.data["dispatcher"] for _, event in recorder.buffer] == []
