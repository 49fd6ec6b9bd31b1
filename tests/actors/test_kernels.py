"""Kernels over several processes: compiled once, and never an answer of code that is no more."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.repository import ROOT

HELPER = """
from actors.kernels import kernel

@kernel
def helper(x):
    return x * {factor} + {constant}
"""
CONSTANTS = """
OFFSET = {offset}
"""
MAIN = """
from numba.core.event import install_recorder
from actors.kernels import kernel, ready
from helpers import helper
from constants import OFFSET

@kernel
def answer(x):
    return helper(x) + OFFSET

def call_each():
    print(answer(1.0))

with install_recorder("numba:compile") as recorder:
    problem = ready(call_each, lambda: print("compiling"))
compiled = sum(event.is_start for _, event in recorder.buffer)
print(compiled, problem)
"""
COMPILED, TAKEN = ["compiling", "3.5", "2 "], ["3.5", "0 "]


class Program(NamedTuple):
    """A program of three files, one of which holds the kernel that is called, and the environment of its user."""

    folder: Path
    home: Path
    values: dict[str, object] = {"factor": 2.0, "constant": 1.0, "offset": 0.5}  # noqa: RUF012 - never changed

    def started(self, **env: str) -> "subprocess.Popen[str]":
        self.folder.mkdir(exist_ok=True)
        for name, text in {"helpers": HELPER, "constants": CONSTANTS, "main": MAIN}.items():
            (self.folder / f"{name}.py").write_text(text.format(**self.values) if name != "main" else text)
        around = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_"))}
        path = os.pathsep.join((str(self.folder), str(ROOT)))
        around |= {"HOME": str(self.home), "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            [sys.executable, "-c", "import main"],
            cwd=self.folder,
            env={name: value for name, value in (around | env).items() if value != "unset"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def lines(self, **env: str) -> list[str]:
        """Return what it prints."""
        started = self.started(**env)
        out, errors = started.communicate(timeout=120)
        assert (started.returncode, errors) == (0, "")
        return out.splitlines()

    def entries(self) -> list[Path]:
        return sorted((self.home / ".cache/riskdrill/kernels").iterdir())


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return a program whose user has an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(tmp_path / "program", home)


def test_second_process_compiles_nothing(program: Program) -> None:
    """The first says that it does, and gives the same."""
    assert program.lines() == COMPILED
    assert program.lines() == TAKEN


@pytest.mark.parametrize(
    ("change", "ends"),
    [({"factor": 5.0}, ["6.5", "2 "]), ({"constant": 7.0}, ["9.5", "2 "]), ({"offset": 2.0}, ["5.0", "1 "])],
)
def test_change_in_any_file_is_seen(program: Program, change: dict[str, object], ends: list[str]) -> None:
    """A kernel or a constant of another file; and back again, which is kept still."""
    assert program.lines() == COMPILED
    assert program._replace(values=program.values | change).lines() == ["compiling", *ends]
    assert program.lines() == TAKEN


def test_two_places_with_the_same_code_share_it(program: Program, tmp_path: Path) -> None:
    """Where a file lies and when it was written decides nothing."""
    program.lines()
    assert program._replace(folder=tmp_path / "elsewhere").lines() == TAKEN


def test_another_processor_gets_code_of_its_own(program: Program) -> None:
    """As after a move of one's home to another machine."""
    program.lines()
    assert program.lines(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="") == COMPILED
    assert program.lines() == TAKEN


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: whole[:-1], lambda whole: whole[:-9] + bytes(9)])
def test_damaged_code_is_compiled_again(program: Program, damage: Callable[[bytes], bytes]) -> None:
    """And is whole afterwards."""
    program.lines()
    for entry in program.entries():
        entry.write_bytes(damage(entry.read_bytes()))
    assert program.lines() == COMPILED
    assert program.lines() == TAKEN


def test_without_compiler_the_answers_are_the_same(program: Program) -> None:
    """Plain Python does it, and leaves nothing behind."""
    assert program.lines(NUMBA_DISABLE_JIT="1") == TAKEN
    assert list(program.home.iterdir()) == []


@pytest.mark.parametrize("home", ["/proc", "/nonexistent", "unset"])
def test_where_nothing_can_be_kept_it_is_said_in_a_line(program: Program, home: str) -> None:
    """Each start compiles, and answers."""
    for _ in range(2):
        compiling, answer, problem = program.lines(HOME=home)
        assert (compiling, answer) == ("compiling", "3.5")
        assert problem.startswith("2 compiled code is not kept, and each start takes seconds more: ")
        assert "XDG_CACHE_HOME" in problem


def test_folder_of_others_is_not_read(program: Program) -> None:
    """What lies in it might be anything."""
    program.lines()
    program.entries()[0].parent.chmod(0o777)
    compiling, answer, problem = program.lines()
    assert (compiling, answer) == ("compiling", "3.5")
    assert "others may write to it" in problem


def test_of_two_at_once_one_compiles(program: Program) -> None:
    """The other takes what it kept."""
    both = [program.started() for _ in range(2)]
    ends = sorted(each.communicate(timeout=120)[0].splitlines()[-2:] for each in both)
    assert ends == [TAKEN, COMPILED[1:]]
    assert len(program.entries()) == 2


def test_one_that_is_killed_while_it_compiles_leaves_nothing_half(program: Program) -> None:
    """Whenever that is, the next one is right."""
    killed = program.started()
    assert killed.stdout is not None
    assert killed.stdout.readline() == "compiling\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert program.lines()[-2] == "3.5"
    assert program.lines() == TAKEN
