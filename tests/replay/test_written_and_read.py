"""Whatever people write into a file, the replayed transactions are exactly those, or the file is refused."""

import csv
import datetime as dt
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.core.errors import TransactionFileError
from actors.core.transaction import EARLIEST_US, LATEST_US, read, to_json
from sim.replay.event_file import EventFile
from sim.replay.spec import EventsSpec
from tests.support.sim.event_files import column_map

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SINCE = dt.datetime(2018, 4, 1, tzinfo=dt.UTC)
US = dt.timedelta(microseconds=1)
US_PER = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
ZONES = ("UTC", "Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
SOUND_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*")

Cells = dict[str, object]


@dataclass(frozen=True, slots=True)
class Money:
    """A way to write amounts.

    Attributes:
        said: what the column map says of it.
        cell: cents as they stand in the file.
    """

    said: dict[str, object]
    cell: Callable[[int], object]


@dataclass(slots=True)
class Table:
    """What is written, how, and what must come of it.

    Attributes:
        columns: the column map.
        cells: of each row, by column.
        wanted: (event time, card, merchant, amount, category, fraud) of each row that is replayed.
        timezone: of times without an offset.
        sound: it must not be refused.
    """

    columns: dict[str, object]
    cells: list[Cells]
    wanted: list[tuple[object, ...]] = field(default_factory=list)
    timezone: str = "UTC"
    sort: bool = False
    sound: bool = True


def moment(event_us: int) -> dt.datetime:
    """Return an instant in UTC."""
    return EPOCH + dt.timedelta(microseconds=event_us)


def grouped(cents: int, decimal: str, thousands: str) -> str:
    """Return an amount as it is written with groups of thousands."""
    text = f"{abs(cents) // 100:,}".replace(",", thousands) + f"{decimal}{abs(cents) % 100:02}"
    return f"-{text}" if cents < 0 else text


MONEY = (
    Money({}, lambda cents: cents / 100),
    Money({}, lambda cents: grouped(cents, ".", "")),
    Money({"unit": "cents"}, lambda cents: cents),
    Money({"decimal": ",", "thousands": "."}, lambda cents: grouped(cents, ",", ".")),
    Money({"thousands": ",", "strip": "$"}, lambda cents: "$" + grouped(cents, ".", ",")),
    Money({"strip": "€", "decimal": ",", "thousands": " "}, lambda cents: grouped(cents, ",", "\u00a0") + " €"),
)
LABELS: tuple[tuple[dict[str, object], tuple[object, object]], ...] = (
    ({}, (0, 1)),
    ({}, (0.0, 1.0)),
    ({}, (False, True)),
    ({}, ("FALSE", "True")),
    ({"true": "Yes", "false": ["No", "Unknown"]}, ("No", "yes ")),
    ({"true": 2, "false": 1}, (1, 2)),
)
FORMATS = ("%d/%m/%Y %H:%M:%S.%f", "%m-%d-%Y %I:%M:%S.%f %p", "%b %d, %Y %H:%M:%S.%f", "%Y%m%d%H%M%S%f")


def counted(draw: st.DrawFn, instants: Sequence[int], table: Table) -> None:
    """Write event times as numbers, with a unit and a start, or bare."""
    bare = draw(st.booleans())
    unit = draw(st.sampled_from(["us", "ms", "s"] if bare else list(US_PER)))
    start_us = 0 if bare else (SINCE - EPOCH) // US
    table.columns["event_time"] = "when" if bare else {"column": "when", "unit": unit, "since": SINCE.isoformat()}
    for cells, each in zip(table.cells, instants, strict=True):
        whole, rest = divmod(each - start_us, US_PER[unit])
        cells["when"] = f"{whole}.{rest * 10**6 // US_PER[unit]:06}" if rest else str(whole)
        if rest and unit in ("min", "h", "d"):  # six digits do not tell their microseconds
            table.sound, table.wanted = False, []


def shifted(draw: st.DrawFn, instants: Sequence[int], table: Table) -> None:
    """Write event times with an offset."""
    zone = dt.timezone(dt.timedelta(minutes=draw(st.integers(-14 * 60, 14 * 60))))
    table.columns["event_time"] = "when"
    for cells, each in zip(table.cells, instants, strict=True):
        cells["when"] = moment(each).astimezone(zone).isoformat(draw(st.sampled_from("T ")))


def local(draw: st.DrawFn, instants: Sequence[int], table: Table) -> None:
    """Write event times as clocks in a zone say them, in one of several forms."""
    table.timezone = draw(st.sampled_from(ZONES))
    form = draw(st.sampled_from(["", "parts", *FORMATS]))
    table.columns["event_time"] = {"column": "when", "format": form} if form else "when"
    if form == "parts":
        table.columns["event_time"] = {"columns": ["year", "month", "day", "clock"], "format": "%Y %m %d %H:%M:%S.%f"}
    for cells, each in zip(table.cells, instants, strict=True):
        here = moment(each).astimezone(ZoneInfo(table.timezone))
        twice = here.replace(fold=0).utcoffset() != here.replace(fold=1).utcoffset()
        table.sound = table.sound and not twice
        if form == "parts":
            cells |= {"year": here.year, "month": here.month, "day": here.day, "clock": here.strftime("%H:%M:%S.%f")}
        else:
            cells["when"] = here.strftime(form) if form else here.replace(tzinfo=None).isoformat(" ")


WORDS = st.one_of(
    st.from_regex(SOUND_KEY, fullmatch=True).filter(lambda text: len(text) <= 20),
    st.sampled_from(
        ["4.00012E+15", "357", "357.0", "a|b", "a\\", " padded", "4000120000000357123", "9007199254740993.0"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Return a table of transactions in any of the ways in which people write them."""
    count = draw(st.integers(1, 6))
    around = draw(
        st.sampled_from([SINCE, dt.datetime(2024, 10, 27, tzinfo=dt.UTC), dt.datetime(2024, 3, 31, tzinfo=dt.UTC)])
    )
    start_us = (around - EPOCH) // US
    steps = draw(st.lists(st.integers(0, 5_000_000_000), min_size=count, max_size=count))
    coarse = draw(st.sampled_from([1, 1_000, 1_000_000]))
    instants = [start_us + sum(steps[: number + 1]) // coarse * coarse for number in range(count)]
    table = Table({"id": None}, [{"n": number} for number in range(count)])
    table.sort = draw(st.booleans())
    order = draw(st.permutations(range(count))) if table.sort else list(range(count))
    keys = draw(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=count, max_size=count))
    joined = draw(st.booleans())
    money, (said, words) = draw(st.sampled_from(MONEY)), draw(st.sampled_from(LABELS))
    skip = draw(st.booleans())
    cents = draw(st.lists(st.integers(-500 if skip else 0, 10**9), min_size=count, max_size=count))
    frauds = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    kinds = draw(st.lists(st.none() | st.sampled_from(["fuel", "food"]), min_size=count, max_size=count))
    table.columns |= {
        "card": {"columns": ["bank", "account"]} if joined else "bank",
        "merchant": "shop",
        "amount": {"column": "amount", "negative": "skip" if skip else "refuse", **money.said},
        "fraud": {"column": "fraud", **said},
        "category": "kind",
    }
    for number, place in enumerate(order):
        bank, account, shop = keys[number]
        table.cells[place] |= {
            "bank": bank,
            "account": account,
            "shop": shop,
            "amount": money.cell(cents[number]),
            "fraud": words[frauds[number]],
            "kind": kinds[number],
        }
        card = "|".join(re.sub(r"([\\|])", r"\\\1", part) for part in (bank, account)) if joined else bank
        if cents[number] >= 0:
            amount = cents[number] / 100
            table.wanted.append((instants[number], card, shop, amount, kinds[number], int(frauds[number])))
        table.sound = table.sound and all(SOUND_KEY.fullmatch(key) for key in keys[number])
    stood = [0] * count
    for number, place in enumerate(order):
        stood[place] = instants[number]
    if table.sort:  # equal times keep the order of the file
        by_place = sorted(range(count), key=lambda place: (stood[place], place))
        numbers = [order.index(place) for place in by_place]
        known = dict(zip([number for number in range(count) if cents[number] >= 0], table.wanted, strict=True))
        table.wanted = [known[number] for number in numbers if number in known]
    draw(st.sampled_from([counted, shifted, local]))(draw, stood, table)
    table.sound = table.sound and bool(table.wanted)
    return table


def write(table: Table, file: Path, *, typed: bool) -> None:
    """Write ``table`` in the format of the file's ending; ``typed``: Parquet with types of its own."""
    names = list(table.cells[0])
    if file.suffix == ".csv":
        with file.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(names)
            writer.writerows([["" if one[name] is None else one[name] for name in names] for one in table.cells])
    elif file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(one) + "\n" for one in table.cells))
    else:
        values = {name: [one[name] for one in table.cells] for name in names}
        if not typed:
            values = {name: [None if each is None else str(each) for each in column] for name, column in values.items()}
        pl.DataFrame(values, strict=False).write_parquet(file)


def replayed(table: Table, file: Path) -> list[tuple[object, ...]]:
    """Return what the pipeline gets, as it parses it."""
    spec = EventsSpec(file, column_map(table.columns), sort=table.sort, timezone=table.timezone)
    opened = EventFile.open(spec)
    contents = opened.contents()
    found: list[tuple[object, ...]] = []
    for columns, fraud in EventFile.open(opened.spec).columns():
        parsed = read(to_json(columns))
        found += zip(
            parsed.event_us.tolist(),
            parsed.cards,
            parsed.merchants,
            parsed.amount.tolist(),
            parsed.category,
            fraud.tolist(),
            strict=True,
        )
    assert contents.rows == len(found)
    assert contents.skipped_rows == len(table.cells) - len(found)
    return found


def answer(table: Table, file: Path) -> list[tuple[object, ...]] | str:
    """Return what the pipeline gets, or the text with which the file is refused."""
    try:
        return replayed(table, file)
    except TransactionFileError as error:
        return str(error)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(table=tables(), typed=st.booleans())
def test_what_is_replayed_is_what_was_written(tmp_path: Path, ending: str, *, table: Table, typed: bool) -> None:
    """In every format and form of the column map: the same transactions to the microsecond and the cent, or none."""
    file = tmp_path / f"some.{ending}"
    write(table, file, typed=typed)
    found = answer(table, file)
    if isinstance(found, str):
        assert (table.sound, found.count("\n")) == (False, 0), found
        return
    if table.wanted:
        assert found == table.wanted
    assert all(EARLIEST_US <= int(str(each[0])) <= LATEST_US for each in found)
