"""What the README says is true."""

import re
import shlex
from pathlib import Path

import pytest

from sim.cli import main
from tests.support.repository import ROOT, place, scenarios, shown_commands

README = (ROOT / "README.md").read_text()
PROGRAMS = ("python -m sim", "riskdrill")
SAID = [line.removeprefix(f"{program} ") for program in PROGRAMS for line in shown_commands(f"{program} ")]
COMMANDS = sorted({line.split()[0] for line in SAID})


def test_readme_shows_its_two_commands() -> None:
    """Two commands do all the set-up on a fresh machine."""
    assert [line.split()[1] for line in shown_commands("make ")][:2] == ["run", "test"]


@pytest.mark.parametrize("command", COMMANDS)
def test_shown_commands_exist_with_their_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command in the README answers ``--help`` and knows every option that the README gives it."""
    assert main([command, "--help"]) == 0
    told = capsys.readouterr().out
    for line in (each for each in SAID if each.split()[0] == command):
        options = [word.split("=")[0] for word in shlex.split(line) if word.startswith("--")]
        assert [option for option in options if option not in told] == []


def test_readme_names_only_files_that_exist() -> None:
    """Every relative link and every scenario path in the README leads somewhere."""
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", README) + re.findall(r"\bscenarios/[\w/]+\.yaml", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_readme_lists_every_scenario() -> None:
    """The table of scenarios has a row for each file that is shipped."""
    assert [place(path) for path in scenarios() if place(path) not in README] == []


@pytest.mark.parametrize("path", scenarios(), ids=place)
def test_scenario_opens_with_what_it_shows_and_what_to_expect(path: Path) -> None:
    """The first comment of a scenario has a Shows and an Expect line, before any key."""
    lines = path.read_text().splitlines()
    opening = lines[: next(i for i, line in enumerate(lines) if line and line[0] != "#")]
    assert any(line.startswith("# Shows") for line in opening)
    assert any(line.startswith("# Expect") for line in opening)


def test_every_shipped_scenario_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    """``validate`` accepts every scenario file in one pass."""
    paths = [str(path) for path in scenarios()]
    assert paths
    assert main(["validate", *paths]) == 0, capsys.readouterr()
