"""A replay of several files is a replay of one that holds all their rows, told by part where something is wrong."""

import gzip
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from actors.core.errors import InputError, TransactionFileError
from sim.replay.event_file import EventFile
from sim.replay.events_section import events_spec
from sim.replay.spec import EventsSpec, Period
from sim.replay.traffic import FileTraffic
from sim.scenario.loader import missing_files, parse
from sim.training.source import EventsSource
from tests.support.sim.event_files import Row, row, spec, write

COLUMNS = "{id: TX, event_time: WHEN, card: CUSTOMER, merchant: TERMINAL, amount: AMOUNT}"


def parts(folder: Path, ending: str, *rows: list[Row]) -> Path:
    """Return a new folder with a part of each of ``rows``."""
    folder.mkdir()
    for number, each in enumerate(rows, start=8):
        write(folder / f"part-{number}.{ending}", each)
    return folder


def scenario(file: str, more: str = "") -> str:
    """Return a scenario that replays ``file``."""
    return f"name: x\nevents:\n  file: {file}\n  columns: {COLUMNS}\n{more}"


def test_all_parts_are_replayed_in_order(tmp_path: Path, ending: str) -> None:
    """Folder, pattern and one file with the same rows give the same transactions."""
    rows = [row(number) for number in range(9)]
    whole = spec(write(tmp_path / f"whole.{ending}", rows))
    folder = parts(tmp_path / "some", ending, rows[:2], rows[2:3], rows[3:])
    expected = [raw for block in FileTraffic(whole, 0) for raw in block.raws]
    for path in (folder, folder / f"part-*.{ending}"):
        sent = pickle.loads(pickle.dumps(FileTraffic(spec(path), 0)))  # as another process gets it
        assert [raw for block in sent for raw in block.raws] == expected
        assert EventFile.open(spec(path)).contents() == EventFile.open(whole).contents()


def test_a_row_that_breaks_a_rule_is_named_with_its_part(tmp_path: Path, ending: str) -> None:
    """Values, times that fall and ids that come again are told by part and row, however many rows came before."""
    folder = parts(tmp_path / "value", ending, [row(0), row(1)], [row(2), row(3, AMOUNT=-1.0)])
    with pytest.raises(TransactionFileError, match=rf"part-9.{ending}: row 2, column AMOUNT: amount must be"):
        EventFile.open(spec(folder)).contents()
    folder = parts(tmp_path / "falls", ending, [row(3), row(4)], [row(0)])
    with pytest.raises(TransactionFileError, match=rf"part-9.{ending}: row 1, column WHEN: times must never fall"):
        EventFile.open(spec(folder)).contents()
    folder = parts(tmp_path / "again", ending, [row(0), row(1)], [row(2), row(3, TX=1)])
    with pytest.raises(TransactionFileError, match=rf"part-9.{ending}: row 2, .*also in row 2 of part-8.{ending}"):
        EventFile.open(spec(folder)).contents()


@pytest.mark.parametrize("how", ["written", "replaced", "longer", "joined"])
def test_files_that_change_while_a_run_reads_them_are_refused(tmp_path: Path, how: str) -> None:
    """What was checked is what is replayed, however often and wherever it is read, or nothing is."""
    folder = tmp_path / "parts"
    folder.mkdir()
    part = write(folder / "1.csv", [row(number) for number in range(5)])
    write(tmp_path / "other.csv", [row(number, AMOUNT="1234.56") for number in range(5)])
    opened = EventFile.open(spec(folder)).spec
    assert EventFile.open(opened).contents().found == opened.found
    match how:
        case "written":
            part.write_bytes((tmp_path / "other.csv").read_bytes())
        case "replaced":
            (tmp_path / "other.csv").replace(part)
        case "longer":
            part.write_bytes(part.read_bytes() + b"\n")
        case "joined":
            (tmp_path / "other.csv").rename(folder / "2.csv")
    with pytest.raises(TransactionFileError, match="has changed since it was first read"):
        EventFile.open(opened)


def test_a_file_that_changes_in_the_middle_of_a_pass_is_refused(tmp_path: Path) -> None:
    """Rows of what it was and of what it is are never in one run."""
    write(tmp_path / "1.csv", [row(number) for number in range(5)])
    later = write(tmp_path / "2.csv", [row(number) for number in range(5, 9)])
    passed = EventFile.open(spec(tmp_path)).columns()
    next(passed)
    write(later, [row(number, AMOUNT="1234.56") for number in range(5, 9)])
    with pytest.raises(TransactionFileError, match=r"2[.]csv: has changed since it was first read"):
        list(passed)


def test_how_a_file_is_separated_reaches_who_reads_it(tmp_path: Path) -> None:
    """The keys of a scenario go through to the reader, here and in the process that makes the traffic."""
    lines = '"TX";"WHEN";"CUSTOMER";"TERMINAL";"AMOUNT"\n"a\n;;;;\nb";"2018-04-01";"1";"2";"3"\n'
    (tmp_path / "some.txt").write_text(lines)
    text = scenario(str(tmp_path / "some.txt"), "  separator: ;\n  multiline: true\n")
    events = parse(text, "x.yaml").events
    assert events is not None
    plain = events_spec(events)
    assert (plain.separator, plain.multiline) == (";", True)
    sent = pickle.loads(pickle.dumps(FileTraffic(plain, 0)))
    with pytest.raises(TransactionFileError, match="column TX: id"):  # read as one field, which no id may be
        list(sent)
    with pytest.raises(TransactionFileError, match="a quote opens in row 1"):
        list(FileTraffic(replace(plain, multiline=False), 0))


@pytest.mark.parametrize(
    ("given", "character"),
    [("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|"), ("';'", ";"), ('"\\t"', "\t"), ("\\t", "\t")],
)
def test_a_separator_may_be_a_word_or_a_character(given: str, character: str) -> None:
    """What separates columns can be written in words that need no quotes, or as it is."""
    events = parse(
        scenario("some.csv", f"  separator: {given}\nexternal: true\n"), "x.yaml", files_required=False
    ).events
    assert events is not None
    assert events.separator == character


@pytest.mark.parametrize(
    ("typed", "character"),
    [(";", ";"), ("|", "|"), (",", ","), ("\t", "\t"), ("tab", "\t"), ("';'", ";"), ("\\t", "\t")],
)
def test_a_separator_may_be_typed_as_it_is_on_the_command_line(typed: str, character: str) -> None:
    """After --set a separator is no sign of YAML."""
    text = scenario("some.csv", "external: true\n")
    events = parse(text, "x.yaml", [f"events.separator={typed}"], files_required=False).events
    assert events is not None
    assert events.separator == character


def test_another_separator_is_refused(tmp_path: Path) -> None:
    """A colon is no separator; the words are told."""
    with pytest.raises(InputError, match=r"events\.separator must be one of comma, semicolon, tab, pipe, got ':'"):
        parse(scenario(str(write(tmp_path / "some.csv", [row(0)])), "  separator: ':'\n"), "x.yaml")


def test_a_scenario_may_name_a_folder_or_a_pattern(tmp_path: Path) -> None:
    """What the reader takes is valid, and what it would refuse by name is told at its place before it is opened."""
    folder = parts(tmp_path / "some", "csv", [row(0)], [row(1)])
    for path in (folder, folder / "*.csv", folder / "part-8.csv"):
        assert missing_files(parse(scenario(str(path)), "x.yaml")) == ()
    absent = parse(scenario(f"{folder}/*.parquet", "external: true\n"), "x.yaml", files_required=False)
    assert missing_files(absent) == (f"{folder}/*.parquet",)
    (folder / "notes.docx").touch()
    for path, said in (
        (folder, "must end in one of .csv"),
        (folder / "*.parquet", "fits no file"),
        (tmp_path, "has folders in it, some, got .*; give a pattern"),
        (folder / "nowhere.csv", "must be a file"),
    ):
        with pytest.raises(InputError, match=said):
            parse(scenario(str(path)), "x.yaml")


def test_a_model_is_trained_anew_when_any_part_changes(tmp_path: Path) -> None:
    """The facts that a model depends on cover each byte of each part, and how it is read, but not where it lies."""
    folder = parts(tmp_path / "some", "csv", [row(0)], [row(1)])

    def facts(path: Path, **changes: object) -> dict[str, object]:
        plain: EventsSpec = replace(spec(path), train=Period(0, 1), test=Period(1, 2), **changes)  # type: ignore[arg-type]
        return EventsSource.of(plain).facts()

    before = facts(folder)
    folder.rename(tmp_path / "moved")
    assert facts(tmp_path / "moved") == facts(tmp_path / "moved" / "*.csv") == before
    assert facts(tmp_path / "moved", separator=";") != before
    assert facts(tmp_path / "moved", multiline=True) != before
    write(tmp_path / "moved" / "part-9.csv", [row(2)])
    assert facts(tmp_path / "moved") != before


def test_a_packed_file_is_replayed_as_a_plain_one(tmp_path: Path, ending: str) -> None:
    """Packing changes nothing."""
    plain = write(tmp_path / f"some.{ending}", [row(number) for number in range(9)])
    packed = tmp_path / f"some.{ending}.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert EventFile.open(spec(packed)).contents() == EventFile.open(spec(plain)).contents()
