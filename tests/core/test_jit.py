"""Kernels over several processes: compiled once, and never an answer of code that is no more."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from actors.core.jit_cache import write
from tests.support.repository import ROOT

HELPER = """
import numpy as np
from actors.core.jit import kernel

@kernel
def helper(x):
    return x * {factor} + {constant}
"""
CONSTANTS = """
OFFSET = {offset}
"""
MAIN = """
from numba.core.event import install_recorder
from actors.core.jit import kernel, ready
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
RESIDENT = """
from pathlib import Path
import main

taken_kb, inside = 0, False
for line in Path("/proc/self/smaps").read_text().splitlines():
    name, *rest = line.split()
    if not name.endswith(":"):
        inside = rest[0] == "r-xp" and "libllvmlite" in line
    elif inside and name == "Rss:":
        taken_kb += int(rest[0])
print(taken_kb)
"""
COMPILED, TAKEN = ["compiling", "3.5", "2 "], ["3.5", "0 "]


class Program(NamedTuple):
    """A program of three files, one of which holds the kernel that is called, and the environment of its user."""

    folder: Path
    home: Path
    values: dict[str, object] = {"factor": 2.0, "constant": 1.0, "offset": 0.5}  # noqa: RUF012 - never changed

    def started(self, program: str = "import main", **env: str) -> "subprocess.Popen[str]":
        self.folder.mkdir(exist_ok=True)
        for name, text in {"helpers": HELPER, "constants": CONSTANTS, "main": MAIN}.items():
            (self.folder / f"{name}.py").write_text(text.format(**self.values) if name != "main" else text)
        around = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_"))}
        path = os.pathsep.join((str(self.folder), str(ROOT)))
        around |= {"HOME": str(self.home), "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=self.folder,
            env={name: value for name, value in (around | env).items() if value != "unset"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def changed(self, **values: object) -> "Program":
        return self._replace(values=self.values | values)

    def lines(self, program: str = "import main", **env: str) -> list[str]:
        """Return what it prints."""
        started = self.started(program, **env)
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


def test_change_in_any_file_is_seen(program: Program) -> None:
    """Of a kernel or a constant, there and in another file; what is as it was is compiled once."""
    assert program.lines() == COMPILED
    assert program.changed(factor=5.0).lines() == ["compiling", "6.5", "2 "]
    assert program.changed(constant=7.0).lines() == ["compiling", "9.5", "2 "]
    assert program.changed(offset=2.0).lines() == ["compiling", "5.0", "1 "]
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


def test_damaged_code_is_compiled_again(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut short or changed; or whole, and no code at all. It is right afterwards."""
    program.lines()
    one, other = program.entries()
    one.write_bytes(one.read_bytes()[:-1])
    other.write_bytes(other.read_bytes()[:-9] + bytes(9))
    assert program.lines() == COMPILED
    monkeypatch.setenv("HOME", str(program.home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for entry in (one, other):
        write(entry.name, b"no machine code")
    assert program.lines() == COMPILED
    assert program.lines() == TAKEN


def test_without_compiler_the_answers_are_the_same(program: Program) -> None:
    """Plain Python does it, and leaves nothing behind."""
    assert program.lines(NUMBA_DISABLE_JIT="1") == TAKEN
    assert list(program.home.iterdir()) == []


def test_code_that_calls_a_library_finds_it(program: Program) -> None:
    """What is kept is loaded without numba's own functions, unless it calls one of them."""
    calls = program.changed(factor="np.linalg.det(np.array([[2.0, 1.0], [0.0, 1.0]]))", constant="1.0")
    assert calls.lines()[:2] == COMPILED[:2]
    assert calls.lines() == TAKEN


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what memory a library takes")
def test_compiler_takes_no_memory_once_all_is_compiled(program: Program) -> None:
    """Its own code, of which compiling needs 50 MB, is given back, whether it compiled or found all that it needs."""
    for expected in (COMPILED, TAKEN):
        *lines, taken_kb = program.lines(RESIDENT)
        assert lines == expected
        assert int(taken_kb) < 5_000


@pytest.mark.parametrize("home", ["/proc", "unset"])
def test_where_nothing_can_be_kept_it_is_said_in_a_line(program: Program, home: str) -> None:
    """It is compiled, and answers."""
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
