"""What CONTRIBUTING.md says to type can be typed."""

import ast
import re
import shlex
import shutil
import subprocess
from importlib.util import find_spec

import pytest

from sim.cli import COMMANDS
from tests.support.repository import ROOT, run_python, shown_commands

PAGE = "CONTRIBUTING.md"
TEXT = (ROOT / PAGE).read_text()


@pytest.mark.parametrize("command", shown_commands("python -m pytest ", PAGE))
def test_each_way_to_run_a_test_finds_tests(command: str) -> None:
    """Files, words and marks in the examples are those of the tests."""
    done = run_python(*shlex.split(command)[1:], "--collect-only", "-q", "-p", "no:cacheprovider", timeout_s=120)
    assert done.returncode == 0, done.stdout  # pytest has another code for an empty collection


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("command", shown_commands("make ", PAGE))
def test_each_target_of_make_can_be_planned(command: str) -> None:
    """What make is asked for has a recipe."""
    done = subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0


def test_each_example_of_virtual_time_holds() -> None:
    """The example is a program, which runs and asserts what it says."""
    programs = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert programs
    for program in programs:
        assert any(isinstance(each, ast.Assert) for each in ast.parse(program).body)
        done = run_python("-c", program)
        assert (done.returncode, done.stderr) == (0, "")


def test_each_module_to_run_exists() -> None:
    """What stands after ``python -m`` can be run, and a command of ours is one."""
    named = re.findall(r"python -m ([\w.]+)(?: ([a-z-]+))?", TEXT)
    assert [module for module, _ in named if find_spec(module) is None] == []
    assert {word for module, word in named if module == "sim"} <= set(COMMANDS)


def test_each_addition_says_which_files_it_touches() -> None:
    """Whatever there is to add has its places, each of which is there."""
    section = TEXT.split("## Adding to it")[1].split("\n## ")[0]
    additions = re.split(r"^\*\*(An? [a-z]+)", section, flags=re.MULTILINE)[1:]
    found = dict(zip(additions[::2], additions[1::2], strict=True))
    assert set(found) >= {"A command", "A fault", "A feature", "A metric", "A panel", "An adapter"}
    for text in found.values():
        places = re.findall(r"`((?:actors|dashboard|sim)/[\w/.]*)`", text)
        assert places
        assert [place for place in places if not (ROOT / place).exists()] == []


def test_its_example_of_a_commit_is_written_as_it_says() -> None:
    """The subject has an area and at most 72 characters; an empty line and a reason follow."""
    (example,) = re.findall(r"^```text\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    subject, blank, *body = example.splitlines()
    assert re.fullmatch(r"[a-z ]+: [a-z].{1,60}", subject)
    assert len(subject) <= 72
    assert blank == ""
    assert body
