"""What ``docs/game_day.md`` shows can be typed."""

import shlex

import pytest

from sim.cli import main
from sim.drill.command import drawn, undrillable
from sim.scenario.loader import load
from tests.support.repository import ROOT, shown_commands

COMMANDS = [line.removeprefix("python -m sim ") for line in shown_commands("python -m sim", "docs/game_day.md")]
DRILLS = [line for line in COMMANDS if line.startswith("drill")]


def test_the_page_shows_commands() -> None:
    """There are some of each kind, or the tests below would prove nothing."""
    assert len(DRILLS) >= 4
    assert len(COMMANDS) > len(DRILLS)


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.split()[0] in ("validate", "list")])
def test_commands_before_the_drill_do_what_the_page_says(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They end well in a checkout."""
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(line)) == 0


@pytest.mark.parametrize("line", DRILLS)
def test_drills_of_the_page_come_as_far_as_the_terminal(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is understood, with its options; all that is missing here is a keyboard."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sim.drill.command.wants_live", lambda _: False)
    assert main(shlex.split(line)) == 2
    assert capsys.readouterr().err.startswith("drill: needs a terminal with a keyboard")


def test_shipped_drills_can_be_played_and_drawn() -> None:
    """Each of them is fit for it, and so is one of all shipped scenarios."""
    folder = ROOT / "scenarios" / "drills"
    assert {undrillable(load(file)) for file in folder.glob("*.yaml")} == {""}
    assert {drawn(folder, seed, ()).stem for seed in range(12)} == {file.stem for file in folder.glob("*.yaml")}
    assert drawn(ROOT / "scenarios", 4, ()).suffix == ".yaml"
