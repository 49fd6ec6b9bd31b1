"""What cannot be played blind is refused in one line, before anything runs."""

from pathlib import Path

import pytest

from sim.cli import main

Capture = pytest.CaptureFixture[str]

SOUND = """
version: 1
name: sound
phases: [{name: steady, duration: 5s, rate: 100}]
"""
BROKEN = f"{SOUND}faults: [{{name: down, kind: feature_store_outage, at: 1s, duration: 1s}}]\n"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that there is a terminal with a keyboard."""
    monkeypatch.setattr("sim.drill.command.wants_live", lambda _: True)


def _refused(words: list[str], capsys: Capture) -> str:
    assert main(["drill", *words]) == 2
    found = capsys.readouterr()
    (line,) = found.err.splitlines()
    assert found.out == ""
    return line


def test_drill_needs_a_terminal(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could call anything without one."""
    monkeypatch.undo()
    (tmp_path / "it.yaml").write_text(BROKEN)
    assert _refused([str(tmp_path / "it.yaml")], capsys) == (
        "drill: needs a terminal with a keyboard, since it is played at the screen; run plays a scenario without one"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SOUND, "has no fault, so that there is nothing to find"),
        (f"{BROKEN}interactive: false\n", "this scenario forbids changes by hand"),
        (f"{BROKEN}clock: virtual\n", "nobody can play on the virtual clock; add --set clock=real"),
    ],
)
def test_scenario_that_cannot_be_played_says_why(tmp_path: Path, capsys: Capture, text: str, why: str) -> None:
    """Nothing to find, nothing to be done by hand, nobody quick enough."""
    (tmp_path / "it.yaml").write_text(text)
    assert _refused([str(tmp_path / "it.yaml")], capsys).startswith(f"{tmp_path}/it.yaml: {why}")


def test_folder_without_a_scenario_says_so(tmp_path: Path, capsys: Capture) -> None:
    """An empty one, and one with nothing to find in it."""
    assert _refused([str(tmp_path)], capsys).startswith(f"{tmp_path}: has no scenario;")
    (tmp_path / "it.yaml").write_text(SOUND)
    assert _refused([str(tmp_path)], capsys).startswith(f"{tmp_path}: none of its scenarios can be played blind;")


def test_folder_with_a_broken_file_names_it(tmp_path: Path, capsys: Capture) -> None:
    """Who leads the drill has to mend it: file, line and column."""
    (tmp_path / "it.yaml").write_text(BROKEN.replace("rate", "rat"))
    assert main(["drill", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path}/it.yaml:")


@pytest.mark.parametrize("said", ["two", "-1", "[2]"])
def test_surprise_that_is_neither_a_number_nor_a_mapping_is_told_as_it_was_typed(
    tmp_path: Path, capsys: Capture, said: str
) -> None:
    """By its own option, and with both of its forms."""
    (tmp_path / "it.yaml").write_text(SOUND)
    line = _refused([str(tmp_path / "it.yaml"), "--surprise", said], capsys)
    rule = "must be a number of faults, or a mapping"
    assert line == f"--surprise {said}: {rule}; write 2, or '{{faults: 2, from: [model]}}'"
