"""What ``inspect`` proposes for a file: a section that ``validate`` takes as it stands, unsure where it must be."""

import csv
import datetime as dt
import gzip
import io
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from actors.core.errors import TransactionFileError
from sim.cli import main
from sim.inspection.inspection import Asked, Inspection, inspected
from sim.inspection.printing import print_inspection
from sim.inspection.scenario_yaml import quoted
from sim.scenario.yaml_nodes import compose
from tests.support.sim.inspected_files import COLUMNS, ROWS, Cell, when, write
from tests.support.sim.public_data_sets import SHAPES

PLAIN = {"id": "tx_id", "event_time": "when", "card": "card", "merchant": "shop", "amount": "amount", "fraud": "fraud"}


def _validated(found: Inspection, folder: Path) -> int:
    """Return the exit code of ``validate`` on the scenario that was proposed."""
    scenario = folder / "mine.yaml"
    scenario.write_text(found.scenario)
    return main(["validate", str(scenario)])


@pytest.mark.parametrize(
    ("change", "separator", "lines", "unsure"),
    [
        ({}, ",", ["event_time: when", "amount: amount", "fraud: fraud", "id: tx_id"], ()),
        ({}, ";", ["separator: semicolon"], ()),
        ({}, "\t", ["separator: tab"], ()),
        ({}, "|", ["separator: pipe"], ()),
        ({"amount": lambda n: f"{n % 90},25"}, ";", ['amount: {column: amount, decimal: ","}'], ()),
        ({"amount": lambda n: f"1.{n:03},25"}, ";", ['amount: {column: amount, decimal: ",", thousands: "."}'], ()),
        ({"amount": lambda n: f'"1,{n:03}.25"'}, ",", ['amount: {column: amount, thousands: ","}'], ()),
        ({"amount": lambda n: f"${n}.25"}, ",", ['amount: {column: amount, strip: "$"}'], ()),
        ({"amount": lambda n: str(4_900 + n)}, ",", ["amount: amount"], ("amount",)),
        (
            {"amount": lambda n: f"{-n if n % 3 else n}.25"},
            ",",
            ["amount: {column: amount, negative: skip}"],
            ("amount",),
        ),
        (
            {"amount": lambda n: f"{n}.25{' CR' if n % 9 == 2 else ''}"},
            ",",
            ["{column: amount, strip: CR}"],
            ("amount",),
        ),
        ({"amount": lambda n: f"{'EUR' if n % 2 else 'USD'} {n}"}, ",", ["strip: DERSU}"], ("amount",)),
        (
            {"amount": lambda n: f"{chr(0x2212) if n % 9 == 2 else ''}{n}.25"},
            ",",
            ["amount: {column: amount, negative: skip}"],
            ("amount",),
        ),
        ({"amount": lambda n: f"{n}.25k"}, ",", ["amount: {column: amount, strip: k}"], ("amount",)),
        ({"amount": lambda n: f"1\u00a0{n:03},25"}, ";", ['{column: amount, decimal: ",", thousands: " "}'], ()),
        ({"way": lambda n: "DR" if n % 9 else "CR"}, ",", ["amount: amount"], ("amount",)),
        (
            {"hour": lambda n: str(n % 24), "when": lambda n: f"{when(n):%F}"},
            ",",
            ["event_time: when"],
            ("event_time",),
        ),
        ({"tz": lambda _: "-05:00"}, ",", ["event_time: when"], ("event_time",)),
        ({"card_type": lambda _: "VISA", "expiry_date": lambda _: "2027-05-01"}, ",", ["card: card"], ()),
        ({"amount": lambda n: f"{n - 3}.25"}, ",", ["amount: {column: amount, negative: skip}"], ("amount",)),
        ({"when": lambda n: str(int(when(n).timestamp()))}, ",", ["event_time: {column: when, unit: s}"], ()),
        ({"when": lambda n: f"{when(n).timestamp() * 1e3:.0f}"}, ",", ["event_time: {column: when, unit: ms}"], ()),
        ({"when": lambda n: f"{when(n):%d/%m/%Y %H:%M}"}, ",", ['format: "%d/%m/%Y %H:%M"}'], ()),
        ({"when": lambda n: f"{when(n):%m/%d/%Y %I:%M %p}"}, ",", ['format: "%m/%d/%Y %I:%M %p"}'], ()),
        ({"when": lambda n: f"{when(n):%Y%m%d}"}, ",", ['event_time: {column: when, format: "%Y%m%d"}'], ()),
        ({"fraud": lambda n: "Yes" if n % 4 == 1 else "No"}, ",", ['{column: fraud, true: "Yes", false: "No"}'], ()),
        ({"fraud": lambda n: "TRUE" if n % 4 == 1 else "FALSE"}, ",", ["fraud: fraud"], ()),
        ({"when": lambda n: f"{when(n):%Y%m%d%H}"}, ",", ['{column: when, format: "%Y%m%d%H"}'], ("event_time",)),
        ({"fraud": lambda n: str(int(n % 4 != 1))}, ",", ["fraud: fraud"], ("fraud",)),
        ({"fraud": lambda n: "odd" if n % 4 == 1 else "even"}, ",", ["{column: fraud, true: odd,"], ("fraud",)),
        ({"card": lambda n: f" card-{n % 31} "}, ",", ['card: {column: card, strip: " "}'], ()),
        (
            {"device": lambda n: "NULL" if n % 3 else f"d{n}", "lat": lambda n: "48.2" if n % 3 else "nan"},
            ",",
            ['device: {column: device, missing: "NULL"}', "lat: {column: lat, missing: nan}"],
            ("device", "lat"),
        ),
        ({"tx_id": lambda n: f"t{n % 200}"}, ",", ["# id: tx_id has 200 different values in 240 rows; row"], ()),
    ],
)
def test_section_says_how_values_are_written_and_is_valid(
    tmp_path: Path, change: Mapping[str, Cell], separator: str, lines: Sequence[str], unsure: Sequence[str]
) -> None:
    """Whatever a program writes, the proposed section reads it, and marks what could be meant otherwise."""
    file = write(tmp_path / "data.csv", {**COLUMNS, **change}, separator)
    found = inspected(Asked(file))
    assert [line for line in lines if line not in found.section] == []
    assert sorted(found.proposal.doubts) == sorted(unsure)
    assert (found.refusal, found.survey.rows) == ("", ROWS)
    assert _validated(found, tmp_path) == 0


def test_dates_that_could_be_swapped_are_told_with_both_formats(tmp_path: Path) -> None:
    """The order that makes the shorter file is taken, the other stands above it."""

    def early(number: int) -> str:
        return f"{dt.datetime(2024, 3, 4, tzinfo=dt.UTC) + dt.timedelta(minutes=10 * number):%m/%d/%Y %H:%M}"

    found = inspected(Asked(write(tmp_path / "data.csv", COLUMNS | {"when": early})))
    above, line = found.section.split("    card: ")[0].splitlines()[-2:]
    assert above == '    # unsure: format: "%d/%m/%Y %H:%M" fits all rows as well'
    assert line == '    event_time: {column: when, format: "%m/%d/%Y %H:%M"}'


def test_all_rows_decide_not_only_the_first(tmp_path: Path) -> None:
    """What the beginning of a large file leaves open is told by its end: dates, words, refunds, whose card it is."""

    def at(number: int) -> dt.datetime:
        return dt.datetime(2024, 3, 4, tzinfo=dt.UTC) + dt.timedelta(seconds=30 * number)

    columns: dict[str, Cell] = {
        "User": lambda n: str(n // 20_000),
        "Card": lambda n: str(n % 3),
        "when": lambda n: f"{at(n):%m/%d/%Y %H:%M:%S}",
        "shop": lambda n: f"shop-{n % 7}",
        "amount": lambda n: f"{'-' if n == 39_000 else ''}${n % 90}.25",
        "fraud": lambda n: "Yes" if n > 30_000 and n % 4 == 1 else "No",
    }
    rows = 40_000
    lines = [list(columns), *([cell(number) for cell in columns.values()] for number in range(rows))]
    file = tmp_path / "large.csv"
    file.write_text("".join(",".join(line) + "\n" for line in lines))
    found = inspected(Asked(file))
    assert found.survey.looked_at < 30_000
    for line in (
        'event_time: {column: when, format: "%m/%d/%Y %H:%M:%S"}',
        "card: {columns: [User, Card]}",
        'amount: {column: amount, strip: "$", negative: skip}',
        'fraud: {column: fraud, true: "Yes", false: "No"}',
    ):
        assert line in found.section
    assert sorted(found.proposal.doubts) == ["amount", "card"]


def test_times_in_several_columns_are_joined(tmp_path: Path) -> None:
    """A date and a time of day, or year, month and day, are one event time."""
    apart = {name: cell for name, cell in COLUMNS.items() if name != "when"}
    two = {"Date": lambda n: f"{when(n):%d.%m.%Y}", "Time": lambda n: f"{when(n):%H:%M:%S}"}
    found = inspected(Asked(write(tmp_path / "two.csv", apart | two)))
    assert 'event_time: {columns: [Date, Time], format: "%d.%m.%Y %H:%M:%S"}' in found.section
    assert _validated(found, tmp_path) == 0
    two["Date"] = lambda n: f"{when(n):%Y-%m-%d}"
    found = inspected(Asked(write(tmp_path / "year_first.csv", apart | two)))
    assert 'event_time: {columns: [Date, Time], format: "%Y-%m-%d %H:%M:%S"}' in found.section
    assert _validated(found, tmp_path) == 0


@pytest.mark.parametrize("form", ["gz", "jsonl", "parquet", "parts"])
def test_every_form_that_is_read_is_inspected(tmp_path: Path, form: str) -> None:
    """Packed, JSON lines, Parquet and a folder of parts give the same map as the CSV file."""
    plain = write(tmp_path / "data.csv", COLUMNS)
    frame = pl.read_csv(plain)
    path = tmp_path / {"gz": "data.csv.gz", "jsonl": "data.jsonl", "parquet": "data.parquet", "parts": "parts"}[form]
    if form == "gz":
        path.write_bytes(gzip.compress(plain.read_bytes()))
    elif form == "jsonl":
        frame.write_ndjson(path)
    elif form == "parquet":
        frame.with_columns(pl.col("when").str.to_datetime()).write_parquet(path)
    else:
        path.mkdir()
        frame.head(100).write_parquet(path / "part-0.parquet")
        frame.tail(-100).write_parquet(path / "part-1.parquet")
    found = inspected(Asked(path))
    columns = {
        name: column if isinstance(column, str) else column.names for name, column in found.proposal.columns.items()
    }
    assert columns == {name: (column,) for name, column in PLAIN.items()}
    assert found.survey.rows == ROWS
    assert _validated(found, tmp_path) == 0


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_public_data_sets_are_recognised(tmp_path: Path, shape: str) -> None:
    """A file in the shape of each public data set gets a section that is valid as it stands."""
    found = inspected(Asked(SHAPES[shape](tmp_path)))
    assert found.refusal == ""
    assert found.survey.labels is not None
    assert found.survey.labels.frauds == 50
    assert _validated(found, tmp_path) == 0


def test_what_a_file_lacks_is_said_and_not_made_up(tmp_path: Path) -> None:
    """Without a card, a merchant or a label the section says so in place of the line, and what speaks against it."""
    some = {name: cell for name, cell in COLUMNS.items() if name in ("when", "amount")}
    found = inspected(Asked(write(tmp_path / "data.csv", some)))
    assert found.proposal.absent == {
        "id": "no column looks like one; row numbers serve",
        "card": "no column looks like a card",
        "merchant": "no column looks like a merchant",
        "fraud": "no column looks like a label",
    }
    assert [line.strip() for line in found.section.splitlines() if "# " in line] == [
        "# id: no column looks like one; row numbers serve",
        "# card: is needed, and no column looks like a card",
        "# merchant: is needed, and no column looks like a merchant",
        "# fraud: no column looks like a label",
    ]
    assert not found.proposal.whole
    assert list(found.objections) == [
        "it has no card: no column looks like a card",
        "it has no merchant: no column looks like a merchant",
        "it has no label (no column looks like a label), so it can only be replayed with a model that is there",
    ]


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"fraud": lambda _: "0"}, "no row is fraud"),
        ({"fraud": lambda n: str(int(n < 9))}, "only 9 of its rows are fraud, too few to learn from"),
        ({"fraud": lambda n: str(int(n % 4 != 1))}, "75% of its rows are fraud"),
        ({"card": lambda n: f"c{n}"}, "nearly every row has a card of its own"),
        ({"tx_id": lambda n: f"t{max(n, 3)}"}, "3 of its rows repeat an id (tx_id): transactions may be in it twice"),
        ({"shop": lambda _: "one"}, "all rows have one and the same merchant"),
        ({"when": lambda n: f"2024-03-04 08:{n // 60:02}:{n % 60:02}"}, "it has 0.0 days, and training takes 4"),
        ({"amount": lambda n: "-5" if n > 190 else "5"}, "has no transaction that is not skipped from 2024-03-1"),
        ({"fraud": lambda n: str(int(n % 2 and n < 80))}, "the days to test on, 2024-03-16 02:04"),
    ],
)
def test_what_speaks_against_training_is_said(tmp_path: Path, change: Mapping[str, Cell], objection: str) -> None:
    """Whoever would wait for a training that fails is told before."""
    found = inspected(Asked(write(tmp_path / "data.csv", {**COLUMNS, **change})))
    assert any(objection in each for each in found.objections), found.objections
    assert found.refusal == ""


def test_nothing_of_a_file_reaches_the_terminal_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters are escaped and card numbers cut, in samples and in names, and the map still finds them."""
    strange = "sh\x1b[2Jop \u202e"
    columns: dict[str, Cell] = {(strange if name == "shop" else name): cell for name, cell in COLUMNS.items()}
    columns |= {"note": lambda _: "paid \x07 by 4111 1111 1111 1111", "pan": lambda n: str(4000120000000000 + n % 31)}
    file = write(tmp_path / "data.csv", columns)
    assert main(["inspect", str(file)]) == 0
    told = capsys.readouterr().out
    assert all(line.isprintable() for line in told.splitlines())
    assert "1111 1111" not in told
    assert "40001200" not in told
    assert main(["inspect", str(file), "--yaml"]) == 0
    assert capsys.readouterr().out.isascii()


def test_wide_file_is_not_printed_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of hundreds of columns those that are mapped are shown, and every line fits 80 columns."""
    columns = {**COLUMNS, **{f"V{number}": lambda _: "1.0" for number in range(400)}}
    columns["isFraud"] = columns.pop("fraud")
    file = write(tmp_path / "data.csv", columns)
    assert main(["inspect", str(file)]) == 0
    told = capsys.readouterr().out
    assert "more, such as" in told
    assert "isFraud" in told
    table = told.split("\n\n")[1].splitlines()
    assert len(table) < 45
    assert max(map(len, table)) <= 80
    assert main(["inspect", str(file), "--all"]) == 0
    assert "V399" in capsys.readouterr().out


def test_yaml_alone_is_a_whole_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What ``--yaml`` prints, put beside the file, is valid; nothing else is on standard output."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "my data #1.csv", COLUMNS)
    assert main(["inspect", "my data #1.csv", "--yaml"]) == 0
    Path("mine.yaml").write_text(capsys.readouterr().out)
    assert main(["validate", "mine.yaml"]) == 0


@pytest.mark.parametrize(
    "text", ["a b", "no", "1", "a: b", "#x", "it's", 'a"b', "\\", "é\x85\u2028", "-x", "", "~", "🙂", "a\tb"]
)
def test_quoted_text_is_read_back(text: str) -> None:
    """A name survives YAML, whatever is in it."""
    node = compose(f"key: {quoted(text)}\n", "file")
    assert node is not None
    assert node.value[0][1].value == text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere.csv"], "no such file"),
        (["-"], "-: cannot be standard input, which is read only once; save it to a file"),
        (["nowhere.csv", "--separator", "x"], "--separator must be one of"),
        (["nowhere.csv", "--timezone", "Mars"], "--timezone must be a time zone"),
    ],
)
def test_what_cannot_be_inspected_is_refused_in_one_line(
    words: Sequence[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 2."""
    assert main(["inspect", *words]) == 2
    line = capsys.readouterr().err
    assert told in line
    assert len(line.splitlines()) == 1


def test_whatever_a_table_holds_it_is_inspected_or_refused(tmp_path: Path) -> None:
    """Columns of any names and values crash nothing, and a section that says it can be replayed is valid."""
    rng = random.Random(5)
    names = [*COLUMNS, "Date", "Time", "step", "Card", "User", "card1", "addr1", "Class", "lat", "", "a: b", "\x1b[0m"]
    values = [
        "",
        "0",
        "1",
        "Yes",
        "$5",
        "-3.5",
        "(5.00)",
        "1,234",
        "1.234",
        "NaN",
        "é🙂",
        " pad ",
        "4.0E+15",
        "12:30",
        "x" * 70,
    ]
    for number in range(60):
        chosen = rng.sample(names, rng.randrange(1, len(names)))
        few = {name: rng.sample(values, rng.randrange(1, 4)) for name in chosen}
        usual = {name for name in chosen if name in COLUMNS and rng.random() < 0.8}
        file = tmp_path / f"data{number}.csv"
        with file.open("w", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(chosen)
            for at in range(rng.choice((1, 5, 60))):
                writer.writerow([COLUMNS[name](at) if name in usual else rng.choice(few[name]) for name in chosen])
        try:
            found = inspected(Asked(file))
        except TransactionFileError:
            continue
        print_inspection(found, Console(file=io.StringIO()), every=False)
        assert (found.contents is not None) == (found.proposal.whole and not found.refusal)


def test_file_that_cannot_be_read_to_its_end_is_refused_with_the_row(tmp_path: Path) -> None:
    """An inspection of a part would tell of a file that is not there."""
    file = write(tmp_path / "data.csv", COLUMNS)
    with file.open("a") as stream:
        stream.write("t00240,2024\n")
    with pytest.raises(TransactionFileError, match="row 241"):
        inspected(Asked(file))


def test_number_of_a_card_is_not_told_where_a_row_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal shows the value that it is about, but of a long number the end alone."""
    file = write(tmp_path / "20240304120000.csv", COLUMNS | {"amount": lambda _: "4000120000000357"})
    assert main(["inspect", str(file)]) == 0
    told = capsys.readouterr().out
    assert "it cannot be replayed like that yet" in told
    assert "40001200" not in told.split("it cannot be")[1]
    assert "20240304120000.csv: row 1, column amount: " in told
