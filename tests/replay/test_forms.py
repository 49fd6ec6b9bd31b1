"""The forms in which values stand in files: what each is read as, and what is written against each that is refused."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from actors.core.errors import TransactionFileError
from sim.replay.event_file import EventFile
from sim.replay.spec import EventsSpec
from tests.support.sim.event_files import MAP, column_map
from tests.support.sim.event_forms import read, refusal, refused, written

NOON = dt.datetime(2018, 4, 1, 12, 0, 0, 250_000, tzinfo=dt.UTC)
NOON_US = 1_522_584_000_250_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1522584000.25", {"unit": "s"}),
        ("1522584000250", {"unit": "ms"}),
        ("1522584000250000", {"unit": "us"}),
        ("1522584000250000999", {"unit": "ns"}),
        ("43191.50000289352", {"unit": "d", "since": "1899-12-30"}),
        ("12", {"unit": "h", "since": "2018-04-01T00:00:00.250000"}),
        ("720", {"unit": "min", "since": "2018-04-01T00:00:00.250000"}),
        ("01/04/2018 12:00:00.25", {"format": "%d/%m/%Y %H:%M:%S.%f"}),
        ("4/1/18 12:00:00.25 PM", {"format": "%m/%d/%y %I:%M:%S.%f %p"}),
        ("Sun, 1 April 2018 12:00:00.250", {"format": "%a, %d %B %Y %T.%f"}),
        ("20180401120000250", {"format": "%Y%m%d%H%M%S%f"}),
        ("2018.091 14:00:00.25+0200", {"format": "%Y.%j %T.%f%z"}),
        ("2018-04-01 12:00:00.250 UTC", {}),
        ("2018/4/1 12:00:00,25", {}),
        ("20180401T120000.25Z", {}),
        (" 2018-04-01t07:00:00.250-05:00 ", {}),
    ],
)
def test_an_instant_is_read_from_each_of_its_forms(tmp_path: Path, text: str, said: dict[str, object]) -> None:
    """The same instant, to the microsecond, however it is written and said."""
    columns, _ = read(written(tmp_path, "WHEN", [text]), event_time={"column": "WHEN", **said})
    assert columns.event_us.tolist() == [NOON_US]


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([NOON.replace(tzinfo=None)], dtype=pl.Datetime("ms")),
        pl.Series([NOON.replace(tzinfo=None)], dtype=pl.Datetime("ns")),
        pl.Series([NOON], dtype=pl.Datetime("us", "Asia/Tokyo")),
        pl.Series([1_522_584_000.25], dtype=pl.Float64),
        pl.Series([1_522_584_000_250], dtype=pl.Int64),
        pl.Series([Decimal("1522584000.250")], dtype=pl.Decimal(20, 3)),
        pl.Series([1_522_584_000_250_000_123], dtype=pl.UInt64),
    ],
)
def test_an_instant_is_read_from_each_type_of_parquet(tmp_path: Path, series: pl.Series) -> None:
    """Types of their own and bare numbers give the same instant as texts do."""
    columns, _ = read(written(tmp_path, "WHEN", series))
    assert columns.event_us.tolist() == [NOON_US]


def test_a_date_is_its_midnight_in_the_file_s_zone(tmp_path: Path) -> None:
    """A column of dates, typed or as text, gives the moments at which those days began."""
    for values in (["2018-07-01"], pl.Series([dt.date(2018, 7, 1)])):
        columns, _ = read(written(tmp_path, "WHEN", values), "Europe/Brussels")
        assert columns.event_us.tolist() == [1_530_396_000_000_000]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["20180401"], "is a date written as a number, got '20180401'; write event_time: {column: WHEN, format: "),
        (pl.Series([20180401]), 'got \'20180401\'; write event_time: {column: WHEN, format: "%Y%m%d"}'),
        (["20180401083000"], 'write event_time: {column: WHEN, format: "%Y%m%d%H%M%S"}'),
        (["43191"], "perhaps a day as spreadsheets count them, got '43191'; write event_time: {column: WHEN, unit"),
        (["43191.5"], "{column: WHEN, unit: d, since: 1899-12-30}"),
        (
            ["2033010108"],
            "is a date and hour as well, got '2033010108'; write event_time: {column: WHEN, format: \"%Y%m%d%H\"} or ",
        ),
        (pl.Series([float("nan")]), "row 1, column WHEN: event_time must be a time, got nan; fill it or drop the row"),
        (["17"], "and none of s, ms, us and ns puts it between 1990 and 2100, got '17'; write what its unit is"),
        (["1522584000", "1522584000250"], "row 2, column WHEN: event_time is a number without a unit: earlier rows"),
        (["1522584000", "2018-04-01"], "row 2, column WHEN: event_time must be a number of seconds, got '2018-04-01'"),
        (["2018-04-01", "1522584000"], "row 2, column WHEN: event_time is a number here and a date in other rows"),
        (["03/04/2018"], "day and month could be swapped, got '03/04/2018'; write event_time: {column: WHEN, "),
        (["03.04.2018", "13.04.2018"], "this one does not begin with its year, got '03.04.2018'; write event_time: "),
        (["04-13-2018"], 'write event_time: {column: WHEN, format: "%m-%d-%Y"}'),
        (["13/04/18"], "day, month and year could be swapped, got '13/04/18'"),
        (["13/04/68"], "has a year of two digits, got '13/04/68'"),
        (["1 Apr 2018 08:00"], "names its month, got '1 Apr 2018 08:00'; write event_time: {column: WHEN, "),
        (["2018-04-01 8:00 pm"], "is of a 12-hour clock, got '2018-04-01 8:00 pm'; write event_time: {column: "),
        (["08:00"], "a time of day without its date, got '08:00'; give the column of the date too, as in "),
        (pl.Series([dt.time(8)]), "is a time of day without its date; add its column"),
        (["2018-02-30"], "is not on the calendar or the clock, got '2018-02-30'"),
        (["2018-04-01 24:30:00"], "is not on the calendar or the clock"),
        (["1.5225840E9"], "is a number in exponent form, whose last digits are lost"),
        (["soon"], "must be a time (such as 2018-04-01T00:00:31), got 'soon'; say how it is written"),
        (["1985-04-01"], "must lie between 1990 and 2100, got '1985-04-01'"),
        (pl.Series([dt.datetime(1970, 1, 1)]), "must lie between 1990 and 2100"),  # noqa: DTZ001 - as a file has it
        (pl.Series([True]), "must be a time, a text or a number, got a column of Boolean"),
    ],
)  # fmt: skip
def test_a_time_that_reads_in_two_ways_is_refused(
    tmp_path: Path, values: Sequence[object] | pl.Series, text: str
) -> None:
    """Each kind has its own sentence, with what to write."""
    assert text in refused(tmp_path, "WHEN", values)


@pytest.mark.parametrize(
    ("value", "said", "text"),
    [
        ("5", {"unit": "d"}, "must lie between 1990 and 2100, got '5', which is 1970-01-06 00:00:00; correct unit"),
        ("9" * 30, {"unit": "s"}, "which is the end of time; correct unit"),
        ("5", {"unit": "h", "since": "1985-01-01"}, "which is 1985-01-01 05:00:00; correct unit and since"),
        ("2018-04-01", {"format": "%d/%m/%Y"}, "must be written as %d/%m/%Y, got '2018-04-01'; correct format"),
        ("2018-04-01", {"unit": "s"}, "must be a number of seconds, got '2018-04-01'; leave out unit"),
    ],
)
def test_what_the_map_says_of_times_is_held_against_every_row(
    tmp_path: Path, value: str, said: dict[str, str], text: str
) -> None:
    """A unit, a start or a format that does not fit the file is named, with the key to correct."""
    assert text in refused(tmp_path, "WHEN", [value], **said)


@pytest.mark.parametrize(
    ("timezone", "local", "text"),
    [
        ("Europe/Brussels", "2024-03-31 02:30:00", "never was in Europe/Brussels, where the clock goes forward here"),
        ("Europe/Brussels", "2024-10-27 02:30:00", "comes twice in Europe/Brussels, where the clock goes back here"),
        ("Australia/Lord_Howe", "2024-04-07 01:45:00", "comes twice in Australia/Lord_Howe"),
        ("America/New_York", "2024-03-10 02:00:00", "never was in America/New_York"),
    ],
)
def test_hours_that_a_clock_skips_or_says_twice_are_refused(
    tmp_path: Path, timezone: str, local: str, text: str
) -> None:
    """Such a time is no instant, or two; the minutes around it are read."""
    assert text in refused(tmp_path, "WHEN", [local], timezone)
    moment = dt.datetime.fromisoformat(local)
    typed = pl.Series([moment], dtype=pl.Datetime("ms"))
    assert text in refused(tmp_path, "WHEN", typed, timezone)
    for hours in (-3, 3):
        read(written(tmp_path, "WHEN", [(moment + dt.timedelta(hours=hours)).isoformat()]), timezone)


def test_several_columns_make_one_time(tmp_path: Path) -> None:
    """Their values are joined by single blanks, typed ones as they are written."""
    frame = pl.DataFrame(
        {
            "y": [2018],
            "m": ["4"],
            "d": [1],
            "t": ["12:00"],
            "c": ["c"],
            "s": ["s"],
            "a": [1.0],
            "day": [dt.date(2018, 4, 1)],
        }
    )
    frame.write_parquet(tmp_path / "some.parquet")
    fields: dict[str, object] = {"id": None, "card": "c", "merchant": "s", "amount": "a", "fraud": None}
    for columns, form in ((["y", "m", "d", "t"], "%Y %m %d %H:%M"), (["day", "t"], "%F %R")):
        said = fields | {"event_time": {"columns": columns, "format": form}}
        read_columns, _ = read(tmp_path / "some.parquet", "UTC", **said)
        assert read_columns.event_us.tolist() == [NOON_US - 250_000]


def test_skipped_rows_are_counted_and_nothing_else_of_them_is_looked_at(tmp_path: Path) -> None:
    """Refunds are left out with whatever they lack; the other rows keep their numbers."""
    file = written(tmp_path, "AMOUNT", ["5.00", "-3.00", "(2.00)", "7.00"])
    file.write_text(file.read_text().replace("c1,m1,-3.00,0", ",,-3.00,"))
    opened = EventFile.open(
        EventsSpec(file, column_map(MAP | {"id": None, "amount": {"column": "AMOUNT", "negative": "skip"}}))
    )
    contents = opened.contents()
    assert (contents.rows, contents.skipped_rows) == (2, 2)
    assert [columns.ids for columns, _ in opened.columns()] == [["1", "4"]]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["0", "1"], [0, 1]),
        (["0.0", "1.00"], [0, 1]),
        ([" false", "TRUE "], [0, 1]),
        (pl.Series([False, True]), [0, 1]),
        (pl.Series([0.0, 1.0], dtype=pl.Float32), [0, 1]),
        (pl.Series([Decimal(0), Decimal(1)]), [0, 1]),
        (pl.Series([0, 1], dtype=pl.Int8), [0, 1]),
        (pl.Series(["false", "True"], dtype=pl.Categorical), [0, 1]),
    ],
)
def test_a_label_is_read_from_each_of_its_forms(
    tmp_path: Path, values: Sequence[object] | pl.Series, labels: list[int]
) -> None:
    """Zero and one, false and true, in any type and case."""
    assert read(written(tmp_path, "FRAUD", values))[1] == labels


def test_words_for_fraud_are_those_that_are_given_and_no_others(tmp_path: Path) -> None:
    """Each word is on one side, without regard to case; one that is on none is refused with its row."""
    said = {"column": "FRAUD", "true": ["Yes", "chargeback"], "false": ["No", 2]}
    assert read(written(tmp_path, "FRAUD", ["no", "YES", "Chargeback", "2.0"]), fraud=said)[1] == [0, 1, 1, 0]
    text = refusal(written(tmp_path, "FRAUD", ["No", "maybe"]), fraud=said)
    assert text.startswith("row 2, column FRAUD: fraud must be one of Yes, chargeback, No, 2, as events.columns.fraud")
    assert "got '1'" in refusal(written(tmp_path, "FRAUD", ["1"]), fraud=said)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["4.00012E+15"], "is a number in exponent form, whose last digits are lost, got '4.00012E+15'"),
        (["4e+15"], "is a number in exponent form"),
        (pl.Series(["4,00012E+15"]), "is a number in exponent form, whose last digits are lost, got '4,00012E+15'"),
        (["\ufeffc1"], "must have no invisible character at its ends: with and without it would be two"),
        (["c1", "c1\u200b"], "row 2, column CUSTOMER: card must have no invisible character at its ends"),
        (["4000120000000357123.0"], "was stored as a float, which cannot hold so many digits"),
        (["357", "357.0"], "row 2, column CUSTOMER: card is a whole number with .0, and in row 1 without"),
        ([" c1"], "must have no blanks around it: with and without them would be two, got ' c1'; write card: {"),
        (pl.Series([2.0**53]), "Float64 cannot tell whole numbers from 9,007,199,254,740,992 on apart"),
        (pl.Series([2.0**24], dtype=pl.Float32), "Float32 cannot tell whole numbers from 16,777,216 on apart"),
        (pl.Series([1.5]), "must be a line of 1 to 64 characters or a whole number (the column is of Float64), got 1"),
        (pl.Series([None], dtype=pl.Null), "must be known in every row"),
        (pl.Series([b"c"]), "got a column of Binary"),
    ],
)  # fmt: skip
def test_a_key_that_could_be_two_or_make_two_one_is_refused(
    tmp_path: Path, values: Sequence[object] | pl.Series, text: str
) -> None:
    """Each kind has its own sentence, with what to do."""
    assert text in refused(tmp_path, "CUSTOMER", values)


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        (["12e5", "00e1234", "1.5"], ["12e5", "00e1234", "1.5"]),
        (["4000120000000357.0"], ["4000120000000357.0"]),
        (["4000120000000357123"], ["4000120000000357123"]),
        (pl.Series([357.0, 12.0]), ["357", "12"]),
        (pl.Series([Decimal(10**20)], dtype=pl.Decimal(30, 0)), ["1" + "0" * 20]),
    ],
)
def test_keys_are_kept_as_they_are_written(
    tmp_path: Path, values: Sequence[object] | pl.Series, keys: list[str]
) -> None:
    """Nothing is added to a key, cut off it or rounded; tokens that look like numbers are tokens."""
    assert read(written(tmp_path, "CUSTOMER", values))[0].cards == keys


def test_keys_of_several_columns_meet_only_if_all_their_parts_do(tmp_path: Path) -> None:
    """However the parts are written, two different rows of parts are two keys."""
    frame = pl.DataFrame({"a": ["x", "x|y", "x\\", "x"], "b": ["y|z", "z", "|y", "y"]}).with_columns(
        WHEN=pl.lit("2018-04-01T00:00:00"), m=pl.lit("m"), AMOUNT=pl.lit("1.50")
    )
    frame.write_csv(tmp_path / "some.csv")
    fields: dict[str, object] = {"id": None, "card": {"columns": ["a", "b"]}, "merchant": "m", "fraud": None}
    cards = read(tmp_path / "some.csv", "UTC", **fields)[0].cards
    assert cards == [r"x|y\|z", r"x\|y|z", r"x\\|\|y", "x|y"]


def test_a_column_of_nothing_is_absent(tmp_path: Path) -> None:
    """An optional column that has no value at all, and so no type, is missing in every row."""
    columns, _ = read(written(tmp_path, "KIND", pl.Series([None, None], dtype=pl.Null)), category="KIND", lat="KIND")
    assert columns.category == [None, None]


def test_thirty_two_bits_hold_no_seconds_since_1970(tmp_path: Path) -> None:
    """A float of 32 bits is 128 s from its neighbours there; small counts of hours are exact in it."""
    seconds = written(tmp_path, "WHEN", pl.Series([1_522_584_000.0], dtype=pl.Float32))
    assert "is a Float32, which cannot tell numbers from 16,777,216 on apart" in refusal(seconds)
    hours = written(tmp_path, "WHEN", pl.Series([12.0], dtype=pl.Float32))
    columns, _ = read(hours, event_time={"column": "WHEN", "unit": "h", "since": "2018-04-01"})
    assert columns.event_us.tolist() == [NOON_US - 250_000]


def test_another_row_is_named_in_its_own_file(tmp_path: Path) -> None:
    """Where a file is one of several, the row that a value disagrees with is named with its file."""
    parts = tmp_path / "parts"
    parts.mkdir()
    for name, times in (("a", ["2018-04-01 00:00", "2018-04-01 00:01"]), ("b", ["2018-04-01 00:02Z"])):
        written(tmp_path, "WHEN", times).rename(parts / f"{name}.csv")
    with pytest.raises(TransactionFileError) as caught:
        read(parts, id=None)
    assert str(caught.value).startswith(f"{parts / 'b.csv'}: row 1, column WHEN: event_time has an offset from UTC")
    assert "but the time in row 1 of a.csv has none, got '2018-04-01 00:02Z'" in str(caught.value)
