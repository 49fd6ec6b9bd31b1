"""Cases about what `validate` finds, where paths lead, and what a value on the command line is."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cases import Case


def test_file_is_found_beside_its_scenario_from_elsewhere(case: Callable[[str], Case], tmp_path: Path) -> None:
    """A replay run from another folder reads the file beside it."""
    beside = case("24")
    outcome = Case(tmp_path, beside.model, beside.out).run(str(beside.folder / "beside"))
    assert outcome.code == 0, outcome.err
    assert outcome.summary["events_processed"] == 300


def test_scenario_of_a_run_runs_again_from_elsewhere(case: Callable[[str], Case], tmp_path: Path) -> None:
    """The run's own copy of the scenario is the same run, wherever it is run from."""
    beside = case("24")
    first = beside.run("beside").summary
    copied = shutil.copytree(beside.out, tmp_path / "moved")
    again = Case(tmp_path, beside.model, tmp_path / "again").run(str(copied / "scenario")).summary
    assert again["trace_hash"] == first["trace_hash"]


@pytest.mark.parametrize("name", ["my data #1.csv", "a: b.csv"])
def test_value_of_a_text_is_taken_as_it_was_typed(case: Callable[[str], Case], name: str) -> None:
    """A sharp or a colon in a file's name ends neither the name nor the run."""
    outcome = case("24").run("beside", "--set", f"events.file={name}")
    assert outcome.code == 0, outcome.err
    assert outcome.summary["events_processed"] == 300


def test_missing_file_says_where_it_was_looked_for(case: Callable[[str], Case], tmp_path: Path) -> None:
    """A path of the scenario is looked for in its folder, one of the command line where it is given."""
    beside = case("24")
    alone = tmp_path / "alone.yaml"
    alone.write_text((beside.folder / "beside.yaml").read_text())
    told = Case(Path("/"), beside.model, beside.out).run(str(alone.with_suffix(""))).err
    assert f"looked for in {tmp_path}, the folder of the scenario" in told
    told = beside.run("beside", "--set", "events.file=none.csv").err
    assert f"looked for in {beside.folder}, where the command was given" in told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tab", "tab.yaml:4:1: a tab stands where only spaces may; indent with spaces"),
        ("colon_in_text", "colon_in_text.yaml:7:17: a colon and a space begin a value where none can begin; put text"),
        ("utf16", "utf16.yaml:1:1: must be UTF-8 text, got UTF-16; save it as UTF-8"),
        ("flow_unclosed", "flow_unclosed.yaml:4:5: a { opens here and does not close"),
    ],
)
def test_what_is_not_yaml_is_told_in_our_words(case: Callable[[str], Case], name: str, told: str) -> None:
    """The line says what is wrong, where, and what to do."""
    outcome = case("17").sim("validate", f"{name}.yaml")
    assert (outcome.code, len(outcome.err.splitlines())) == (2, 1)
    assert outcome.err.startswith(told)


def test_planned_length_is_told_before_a_replay(case: Callable[[str], Case]) -> None:
    """A day at speed 1 takes a day, and nobody has to find that out by waiting."""
    slow = case("30")
    outcome = slow.sim("validate", "slow.yaml", "--model", str(slow.model))
    assert outcome.out.splitlines()[0] == "slow.yaml: valid; takes 22 h 10 min"


def test_replay_that_no_model_can_be_trained_for_is_not_valid(case: Callable[[str], Case]) -> None:
    """What `run` refuses, ``validate`` refuses, and says what to name."""
    beside = case("24")
    validated = beside.sim("validate", "beside.yaml")
    assert (validated.code, len(validated.err.splitlines())) == (2, 1)
    assert "must have train and test" in validated.err
    assert "--model" in validated.err
    assert beside.sim("run", "beside.yaml", "--out", str(beside.out)).err == validated.err


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("paysim", ["event_time: {column: step, unit: h, since: 2020-01-01}", "card: nameOrig", "merchant: nameDest"]),
        ("sparkov", ["event_time: trans_date_trans_time", "card: cc_num", "id: trans_num", "amount: amt"]),
        ("tabformer", ["card: {columns: [User, Card]}", 'fraud: {column: "Is Fraud?", true: "Yes", false: "No"}']),
    ],
)
def test_public_data_is_recognised_and_replayed(
    case: Callable[[str], Case], tmp_path: Path, name: str, lines: list[str]
) -> None:
    """What ``inspect`` proposes for a public data set replays every row of it."""
    public = case("14")
    section = public.sim("inspect", f"{name}.csv", "--yaml").out
    assert [line for line in lines if line not in section] == []
    mine = tmp_path / "mine.yaml"
    mine.write_text(section.replace(f"file: {name}.csv", f"file: {public.folder / name}.csv"))
    outcome = public.run(str(mine.with_suffix("")))
    assert outcome.code == 0, outcome.err
    assert outcome.summary["events_processed"] == 300


def test_hundreds_of_columns_are_not_printed(case: Callable[[str], Case]) -> None:
    """Of a wide file the columns that matter are shown, and a wrong name is answered by near ones and a count."""
    wide = case("16")
    shown = wide.sim("inspect", "wide.csv").out
    assert max(map(len, shown.splitlines())) <= 120
    assert "more, such as" in shown
    told = wide.sim("validate", "wide.yaml", "--model", str(wide.model)).err
    assert len(told) < 400
    assert "437 columns" in told
