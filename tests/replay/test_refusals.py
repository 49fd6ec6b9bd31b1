"""Bad files: each is refused with one clear line that names the rule, the place and the remedy."""

import datetime as dt
import math
import re
from pathlib import Path

import pytest

from actors.core.errors import TransactionFileError
from sim.replay.event_file import EventFile
from sim.replay.spec import EventsSpec, Period
from tests.support.sim.event_files import Row, row, spec, write

UNKNOWN = "must be known in every row, got nothing; fill it or drop the row"
NO_AMOUNT = "row 3, column AMOUNT: amount must be a number from 0 to 1000000000, got"
NO_NAME = "must be a line of 1 to 64 characters or a whole number, got 'xxxx"
REFUNDS = "write amount: {column: AMOUNT, negative: skip} to leave refunds out, which are then counted as skipped"
WORDS = 'say what the words mean, as in fraud: {column: FRAUD, true: "Yes", false: "No"}, or drop the row'
FALLS = (
    "times must never fall from row to row, but this one is 0:00:30 before the row above; "
    "write events.sort: true to have the rows sorted by time, or sort the file"
)


def refusal(events: EventsSpec) -> str:
    """Return the text with which ``events`` is refused, without its folder."""
    with pytest.raises(TransactionFileError) as caught:
        EventFile.open(events).contents(events.replay)
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(f"{events.file.parent}/", "")


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        ({"AMOUNT": None}, f"row 3, column AMOUNT: amount {UNKNOWN}"),
        ({"FRAUD": None}, f"row 3, column FRAUD: fraud {UNKNOWN}"),
        ({"WHEN": None}, f"row 3, column WHEN: event_time {UNKNOWN}"),
        ({"AMOUNT": -3.5}, f"{NO_AMOUNT} -3.5; {REFUNDS}, or drop the row"),
        ({"AMOUNT": 1e12}, f"{NO_AMOUNT} 1000000000000.0; mend or drop the row"),
        ({"FRAUD": 2}, f"row 3, column FRAUD: fraud must be 0 or 1, or true or false, got 2; {WORDS}"),
        ({"CUSTOMER": "x" * 70}, f"row 3, column CUSTOMER: card {NO_NAME}"),
        ({"WHEN": "2018-04-01T00:00:30"}, f"row 3, column WHEN: {FALLS}"),
        ({"TX": 0}, "row 3, column TX: ids must be unique, but '0' is also in row 1; drop one"),
    ],
)  # fmt: skip
def test_a_row_that_breaks_a_rule_is_named(tmp_path: Path, ending: str, broken: Row, text: str) -> None:
    """The first row that breaks a rule is named with its column, the value and the remedy, in every format."""
    rows = [row(0), row(1), row(2, **broken), row(3)]
    said = refusal(spec(write(tmp_path / f"some.{ending}", rows)))
    written = re.sub(r"got '([^']*)'", r"got \1", said)  # CSV shows the text as it was written
    assert written.startswith(f"some.{ending}: {text}")


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        ({"AMOUNT": "much"}, "row 2, column AMOUNT: amount must be a number from 0 to 1000000000, got 'much'"),
        ({"FRAUD": "maybe"}, "row 2, column FRAUD: fraud must be 0 or 1, or true or false, got 'maybe'"),
        ({"WHEN": "yesterday"}, "row 2, column WHEN: event_time must be a time (such as 2018-04-01T00:00:31"),
        ({"WHEN": "-5"}, "row 2, column WHEN: event_time is a number here and a date in other rows, got '-5'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_wrong_type_is_shown(tmp_path: Path, ending: str, broken: Row, text: str) -> None:
    """A value of the wrong type is shown as it was written."""
    said = refusal(spec(write(tmp_path / f"some.{ending}", [row(0), row(1, **broken)])))
    assert said.startswith(f"some.{ending}: {text}")


def test_nan_is_no_amount(tmp_path: Path) -> None:
    """NaN is refused as an amount and shown."""
    said = refusal(spec(write(tmp_path / "some.csv", [row(0), row(1, AMOUNT=math.nan)])))
    assert said == (
        "some.csv: row 2, column AMOUNT: amount must be a number from 0 to 1000000000, and this is none, got 'nan'; "
        "fill it or drop the row"
    )


def test_a_column_of_another_type_is_refused_whole(tmp_path: Path) -> None:
    """A typed column that cannot be a name, such as one of times, is refused by its type."""
    said = refusal(spec(write(tmp_path / "some.parquet", [row(0, CUSTOMER=dt.time(1))])))
    assert said == (
        "some.parquet: column CUSTOMER: card must be a line of 1 to 64 characters or a whole number, "
        "got a column of Time; convert the column"
    )


def test_a_missing_column_suggests_the_nearest(tmp_path: Path, ending: str) -> None:
    """A mapped column that the file lacks is named, with the nearest one it has."""
    file = write(tmp_path / f"some.{ending}", [row(0)])
    said = refusal(spec(file, amount="AMMOUNT"))
    assert said == f"some.{ending}: has no column AMMOUNT, which events.columns gives for amount; did you mean AMOUNT?"
    assert "; its columns are TX, WHEN, CUSTOMER, TERMINAL, AMOUNT, FRAUD" in refusal(
        spec(file, amount="WHENCE_AND_WHERE")
    )


def test_what_is_no_file_of_transactions_is_refused(tmp_path: Path) -> None:
    """A file that is missing, a folder, of an unknown format, damaged or empty is refused by what it is."""
    empty = tmp_path / "empty"
    empty.mkdir()
    told = {
        "absent.csv": "no such file; give the path of a file of transactions in events.file",
        "empty": "is a folder without files of transactions; give a file, or another folder",
        "some.odd": "must end in one of .csv, .tsv, .txt, .jsonl, .ndjson, .parquet, each also with .gz; "
        "convert or rename the file",
        "torn.parquet": "is damaged: it cannot be read as Parquet; fetch or write it again",
        "none.csv": "is empty; give another file",
        "header.csv": "must hold at least one transaction, but has a header and no row; give another file",
        "prose.jsonl": "row 1: must be one JSON object a line, but is none from character 1 on ('once upon a time'); "
        "mend or drop it",
    }
    (tmp_path / "some.odd").write_text("PK")
    (tmp_path / "torn.parquet").write_text("PAR1")
    (tmp_path / "none.csv").write_text("")
    (tmp_path / "header.csv").write_text("TX,WHEN,CUSTOMER,TERMINAL,AMOUNT,FRAUD\n")
    (tmp_path / "prose.jsonl").write_text("once upon a time\n")
    assert {name: refusal(spec(tmp_path / name)) for name in told} == {
        name: f"{name}: {rule}" for name, rule in told.items()
    }


def test_a_torn_line_is_named(tmp_path: Path) -> None:
    """A line that ends half-way, as after a crash of its writer, is named."""
    file = write(tmp_path / "some.jsonl", [row(0), row(1)])
    file.write_text(file.read_text()[:-20])
    assert refusal(spec(file)) == (
        "some.jsonl: row 2: must be one JSON object a line, but breaks off; "
        "write the whole object on one line, or drop it"
    )


def test_an_empty_period_says_what_the_file_has(tmp_path: Path, ending: str) -> None:
    """A period without a transaction is refused with the file's own times."""
    plain = spec(write(tmp_path / f"some.{ending}", [row(number) for number in range(3)]))
    said = refusal(type(plain)(plain.file, plain.columns, replay=Period.of("2019-01-01", "2019-01-02")))
    assert said == (
        f"some.{ending}: has no transaction from 2019-01-01 00:00:00 to 2019-01-03 00:00:00; "
        "its times run from 2018-04-01 00:00:00 to 2018-04-01 00:02:00"
    )


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without permission is refused with the system's reason."""
    file = write(tmp_path / "some.csv", [row(0)])

    def denied(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", denied)
    assert refusal(spec(file)) == "some.csv: cannot be read (Permission denied); check its permissions"


def test_rows_before_the_period_are_checked_for_order_only(tmp_path: Path, ending: str) -> None:
    """A bad amount before the period does no harm; a time that falls does."""
    rows = [row(number) for number in range(6)]
    period = Period.of("2018-04-01T00:03:00", "2018-04-01")
    plain = spec(write(tmp_path / f"some.{ending}", [rows[0], row(1, AMOUNT=-1.0), *rows[2:]]))
    assert EventFile.open(plain).contents(period).rows == 3
    plain = spec(write(tmp_path / f"some.{ending}", [rows[1], rows[0], *rows[2:]]))
    with pytest.raises(TransactionFileError, match="row 2, column WHEN: times must never fall"):
        EventFile.open(plain).contents(period)
