"""Whose folder a path in a scenario is relative to."""

from pathlib import Path

import pytest

from sim.scenario.loader import load, missing_files, parse
from sim.scenario.problems import InvalidScenarioError
from sim.scenario.render import digest, resolved
from sim.scenario.scenario import Scenario
from sim.scenario.yaml_reader import home_of

MAP = "{id: a, event_time: b, card: c, merchant: d, amount: e}"
TEXT = f"""name: x
model: ../models/m
events: {{file: data.csv, columns: {MAP}}}
steps: [{{name: out, kind: model_release, at: 5s, model: other}}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a scenario and all it names; the working directory is another one."""
    home, elsewhere = tmp_path / "scenarios", tmp_path / "elsewhere"
    for each in (home / "other", tmp_path / "models" / "m", elsewhere):
        each.mkdir(parents=True)
    (home / "data.csv").touch()
    (home / "x.yaml").write_text(TEXT)
    monkeypatch.chdir(elsewhere)
    return home


def _paths(scenario: Scenario) -> tuple[str, ...]:
    assert scenario.events is not None
    return scenario.events.file, scenario.model or "", getattr(scenario.steps[0], "model", "")


def test_paths_of_a_scenario_are_relative_to_its_file(folder: Path) -> None:
    """Wherever one stands, and however the scenario is named, its paths lead to the same files."""
    wanted = tuple(map(str, (folder / "data.csv", folder.parent / "models" / "m", folder / "other")))
    assert _paths(load(folder / "x.yaml")) == wanted
    assert _paths(load("../scenarios/x.yaml")) == wanted


def test_paths_given_by_set_are_relative_to_where_one_stands(folder: Path) -> None:
    """What is typed on the command line means there what it means to every other command; ~ is the home folder."""
    (Path.cwd() / "data.csv").touch()
    words = ("events.file=data.csv", "steps.out.model=../models/m")
    file, model, other = _paths(load(folder / "x.yaml", words))
    assert (file, model) == (str(Path.cwd() / "data.csv"), other) == (str(Path("data.csv").absolute()), other)
    found = load(folder / "x.yaml", ("events.file=~/none.csv", "external=true"), files_required=False)
    assert missing_files(found) == (str(Path.home() / "none.csv"),)


def test_written_scenario_finds_its_files_from_any_folder(folder: Path) -> None:
    """What a run or an exploration writes of a scenario loads as that scenario where it lies."""
    scenario = load(folder / "x.yaml")
    copy = folder.parent / "runs" / "scenario.yaml"
    copy.parent.mkdir()
    copy.write_text(resolved(scenario))
    assert load(copy) == scenario


def test_digest_does_not_depend_on_folders(folder: Path) -> None:
    """The same experiment elsewhere has the same digest; another file has another."""
    text = f"external: true\n{TEXT}"
    here, there = parse(text, "x", files_required=False, home=folder), parse(text, "x", files_required=False)
    assert _paths(here) != _paths(there)
    assert digest(here) == digest(there)
    other = parse(text.replace("data.csv", "more.csv"), "x", files_required=False, home=folder)
    assert digest(here) != digest(other)


def test_link_to_a_file_keeps_its_own_name(folder: Path) -> None:
    """The ending of the link, not of what it leads to, says what the file is."""
    (folder / "blob").touch()
    (folder / "today.csv").symlink_to(folder / "blob")
    (folder / "y.yaml").write_text(TEXT.replace("data.csv", "today.csv"))
    assert _paths(load(folder / "y.yaml"))[0] == str(folder / "today.csv")


@pytest.mark.parametrize(
    ("file", "override", "told"),
    [
        ("gone.csv", "", "got gone.csv (looked for in {home}, the folder of the scenario); check the path"),
        ("data.csv", "gone.csv", "got gone.csv (looked for in {here}, where the command was given); check the path"),
        ("/gone.csv", "", "got /gone.csv; check the path"),
        ("''", "", "events.file must be a path, got ''; write where it lies"),
        ("'-'", "", "events.file cannot be standard input, which is read only once, got '-'; save it to a file"),
        ("data.csv", "-", "events.file cannot be standard input, which is read only once, got -; save it to a file"),
        ("[a, b]", "", "events.file must be text, got a list"),
        ('"a\\0.csv"', "", "events.file must be text without control characters"),
    ],
)
def test_missing_file_tells_where_it_was_looked_for(folder: Path, file: str, override: str, told: str) -> None:
    """The line says which folder the path was relative to, since that is the usual mistake."""
    (folder / "y.yaml").write_text(TEXT.replace("data.csv", file))
    with pytest.raises(InvalidScenarioError) as caught:
        load(folder / "y.yaml", (f"events.file={override}",) if override else ())
    assert told.format(home=folder, here=Path.cwd()) in str(caught.value)


def test_scenario_that_is_piped_in_has_the_paths_of_where_one_stands(
    folder: Path,
) -> None:
    """Standard input lies in no folder; as - it is told how to name it."""
    assert home_of(Path("/dev/stdin")) == Path.cwd()
    assert home_of(Path("/proc/self/fd/0")) == Path.cwd()
    assert home_of(Path("../scenarios/x.yaml")).resolve() == folder
    with pytest.raises(InvalidScenarioError, match="write /dev/stdin for standard input"):
        load("-")
