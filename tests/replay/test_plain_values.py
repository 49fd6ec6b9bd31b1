"""What is read without a table is what the rules of files make of it."""

import datetime as dt
from dataclasses import dataclass, field

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.replay.converters import converter_of
from sim.replay.field import Break
from sim.replay.plain_values import IN_DOUBT, plain_reader
from sim.scenario.events import AmountColumn, DegreesColumn, FieldColumn, KeyColumn, TextColumn, TimeColumn

NOISE = st.text("0123456789.,-+:/TZeEamp $€'|\\\u00a0\u2212\u200b\u0131\u017f\u00e9\t\n\x1c", max_size=14)
MARKS = st.sampled_from(list(" .,0-+9e\n\x1c\u00a0"))
FIRST, SOME, LAST, SHEETS = map(
    dt.datetime.fromisoformat, ("1989-12-30", "2026-11-30T13:05:07.123", "2100-01-03", "1899-12-30")
)
WORDS = st.sampled_from(["NULL", "null", "nan", "None", "-", "0", "\\N"])
ZONES = ("UTC", "Europe/Brussels", "Australia/Lord_Howe")


@dataclass(frozen=True)
class Form:
    """A part of a column map.

    Attributes:
        plain: values of it about which no rule has anything to say.
        written: more of them, as a format of times writes an instant.
    """

    name: str
    column: FieldColumn
    plain: tuple[str, ...] = ()
    written: tuple[str, ...] = field(default=(), kw_only=True)

    def values(self) -> st.SearchStrategy[str]:
        """Return what may stand there: plain values, some of them with a mark more or less, words, or anything."""
        instants = st.datetimes(FIRST, LAST)
        formats = st.sampled_from(self.written or ("",))
        said = st.builds(dt.datetime.strftime, instants, formats) if self.written else st.sampled_from(self.plain)
        marred = st.builds(_marred, said, MARKS, st.integers(0, 30))
        return st.one_of(said, st.sampled_from(self.plain), marred, WORDS, NOISE)


def _marred(text: str, mark: str, at: int) -> str:
    """Return ``text`` with ``mark`` put in, or with a character less."""
    at %= len(text) + 1
    return text[:at] + mark + text[at:] if at % 2 else text[:at] + text[at + 1 :]


def _time(**said: str) -> TimeColumn:
    return TimeColumn(column="a", **said)  # type: ignore[arg-type]  # units are checked by the reader of scenarios


ISO = ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+02:00", "%Y/%m/%d", "%Y%m%dT%H%M")
FORMS = (
    Form("event_time", _time(unit="s"), ("1770000000", "1770000000.1234567", "631152000", "4102444799.999")),
    Form("event_time", _time(unit="ms"), ("1770000000000", " 1770000000000", "+1770000000000.5")),
    Form("event_time", _time(unit="ns"), ("1770000000000000001",)),
    Form("event_time", TimeColumn(column="a", unit="d", since=SHEETS), ("45000.123456789",)),
    Form("event_time", _time(), ("2026-11-30T12:00:00+01:00", "2024-02-29"), written=ISO),
    Form(
        "event_time",
        _time(format="%d/%m/%Y %I:%M:%S %p"),
        ("29/02/2024 12:00:01 am",),
        written=("%d/%m/%Y %I:%M:%S %p",),
    ),
    Form(
        "event_time",
        _time(format="%b %d, %y %H:%M:%S.%f"),
        ("May 1, 90 1:02:03.5",),
        written=("%B %d, %y %H:%M:%S.%f",),
    ),
    Form("event_time", _time(format="%Y%j%H%M%z"), ("20243660000-18:59",), written=("%Y%j%H%M+0130",)),
    Form(
        "amount",
        AmountColumn(column="a"),
        ("12", "12.5", "0", "1e3", ".5", "7.", "0.1000000000000000055511151231257827"),
    ),
    Form("amount", AmountColumn(column="a", decimal="."), ("1.234", "1000000000")),
    Form("amount", AmountColumn(column="a", decimal=","), ("12,5", "1,234")),
    Form("amount", AmountColumn(column="a", thousands="."), ("1.234.567,89", "12")),
    Form("amount", AmountColumn(column="a", thousands=" ", strip="€$"), ("1\u00a0234.5 €", "$ 12")),
    Form("amount", AmountColumn(column="a", unit="cents"), ("1999", "1e2")),
    Form("card", KeyColumn(column="a"), ("c-17", "4000120000000357123", "café", "12e5", "a|b", "\\")),
    Form("card", KeyColumn(column="a", strip=" x"), (" x17 ", "c17")),
    Form("card", KeyColumn(columns=("a", "b")), ("a|b", "a\\", "17")),
    Form("card", KeyColumn(columns=("a", "b"), absent="keep"), ("17", "b" * 40)),
    Form("category", TextColumn(column="a"), ("fuel", "food & more")),
    Form("category", TextColumn(column="a", strip='"'), ('"fuel"',)),
    Form("category", TextColumn(column="a", missing=()), ("fuel", "None")),
    Form("device", TextColumn(column="a", missing=("none", "-")), ("NULL", "d-1")),
    Form("merchant", KeyColumn(columns=("a", "b"), absent="keep", missing=("NULL",)), ("nan", "m-1")),
    Form("lat", DegreesColumn(column="a", missing=("0", "null")), ("47.5", "-1")),
    Form("lat", DegreesColumn(column="a"), ("47.5", "-90", "0")),
    Form("lon", DegreesColumn(column="a"), ("-179.99", "180")),
)
SINGLE = [form for form in FORMS if len(form.column.names) == 1]


def by_rules(form: Form, texts: list[str | None], timezone: str) -> object:
    """Return what the rules of files make of a row alone; a `Break` where they refuse it."""
    converter = converter_of(form.name, form.column, timezone, alone=True)
    series = [pl.Series(name, [text], dtype=pl.String) for name, text in zip(form.column.names, texts, strict=True)]
    made = converter.convert(pl.DataFrame(series), pl.int_range(1, eager=True))
    doubt = converter.finish()
    return made if isinstance(made, Break) else Break(*doubt) if doubt is not None else made.item(0)


@settings(max_examples=300)
@given(st.data())
def test_a_plain_value_is_what_the_rules_make_of_it(data: st.DataObject) -> None:
    """To the last bit, in every form of the column map; what they refuse is never read."""
    form = data.draw(st.sampled_from(FORMS))
    timezone = data.draw(st.sampled_from(ZONES))
    texts = [data.draw(st.none() | form.values()) or None for _ in form.column.names]
    found, expected = plain_reader(form.name, form.column, timezone)(texts), by_rules(form, texts, timezone)
    assert found is IN_DOUBT or repr(found) == repr(expected), texts


@pytest.mark.parametrize("form", SINGLE, ids=lambda form: f"{form.name}-{form.plain[0]}")
@pytest.mark.parametrize("timezone", ZONES)
def test_usual_values_are_plain(form: Form, timezone: str) -> None:
    """In every form there is a way to write that needs no table."""
    read = plain_reader(form.name, form.column, timezone)
    written = [SOME.strftime(each) for each in form.written]
    for text in (*form.plain, *written):
        assert read([text]) is not IN_DOUBT, text
