"""Shipped scenarios are found by name, from wherever one stands."""

from pathlib import Path

import pytest

from actors.core.errors import ScenarioError
from sim.scenario.shipped import scenario_file, shipped
from tests.support.repository import ROOT, scenarios


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_shipped_scenario_has_the_name_of_its_file() -> None:
    """The names are those of the files, and each leads to its file."""
    assert shipped() == {path.stem: path for path in scenarios()}
    assert scenario_file("burst") == ROOT / "scenarios" / "burst.yaml"


def test_a_file_of_that_name_comes_first(elsewhere: Path) -> None:
    """A path keeps meaning a path, whatever is shipped."""
    (elsewhere / "burst").touch()
    assert scenario_file("burst") == Path("burst")


def test_a_folder_of_that_name_hides_nothing(elsewhere: Path) -> None:
    """The folder of a run called ``burst`` is no scenario; ``./burst`` is that folder all the same."""
    (elsewhere / "burst").mkdir()
    assert scenario_file("burst") == ROOT / "scenarios" / "burst.yaml"
    assert scenario_file("./burst") == Path("burst")
    (elsewhere / "mine").mkdir()
    assert scenario_file("mine") == Path("mine")


def test_from_the_checkout_a_name_is_the_path_that_one_would_have_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run writes and says is the same, whether its scenario was named or its path was given."""
    monkeypatch.chdir(ROOT)
    assert scenario_file("burst") == scenario_file("scenarios/burst.yaml") == Path("scenarios/burst.yaml")


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("bursst", "bursst: must be a file or the name of a shipped scenario; did you mean burst?"),
        ("zzz", "zzz: must be a file or the name of a shipped scenario; python -m sim list names all"),
        ("scenarios/burst.yaml", "scenarios/burst.yaml: no such file; burst is the name of the shipped scenario"),
        ("./burst", "./burst: no such file; burst is the name of the shipped scenario"),
    ],
)
def test_a_wrong_name_is_told_in_one_line_with_what_may_be_meant(word: str, text: str) -> None:
    """Both ways of going wrong are met with the right word."""
    with pytest.raises(ScenarioError) as told:
        scenario_file(word)
    assert str(told.value) == text


@pytest.mark.parametrize("word", ["mine.yaml", "-", "", "a" * 5000 + ".yaml", "a/\0b"])
def test_what_is_no_name_is_left_to_whoever_reads_the_file(word: str) -> None:
    """A path that leads nowhere is told where the file is read, with the line and column that all else has."""
    assert scenario_file(word) == Path(word)
