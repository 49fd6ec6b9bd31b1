"""When transactions happened: columns of texts, numbers, dates or instants as microseconds since the Unix epoch.

Where the column map names no unit for bare numbers, the numbers tell it, or the file is refused (`with_unit`).
"""

import dataclasses
import datetime as dt
import re
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import polars as pl

from actors.core.arrays import I64, Bool
from actors.core.clock import US_PER_DAY
from actors.core.errors import TransactionFileError
from actors.core.transaction import EARLIEST_US, LATEST_US
from sim.replay.field import (
    FLOAT32_EXACT_LIMIT,
    OTHER,
    Break,
    MappedField,
    Ways,
    absent,
    broken,
    columns_written,
    earliest,
    first,
    type_name,
    written,
)
from sim.replay.instants import YEAR_FIRST, Counts, InstantReader, Instants
from sim.replay.spec import EventsSpec
from sim.replay.time_hints import advice, run_format
from sim.scenario.events import UNITS, TimeColumn, Unit
from sim.tables.problem import problem, shown
from sim.tables.reader import TableReader
from sim.time_formats import pattern
from sim.units import moment_us

RANGE = "must lie between 1990 and 2100"
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - texts only
_NUMBER = re.compile(r"\s*[+-]?[0-9]+(?:[.][0-9]*)?\s*")


def instant(event_us: int) -> str:
    """Return an instant as a person writes it, in UTC."""
    try:
        return str(_EPOCH + dt.timedelta(microseconds=event_us))
    except OverflowError:
        return "the end of time" if event_us > 0 else "the beginning of time"


@dataclass(slots=True)
class TimeField(MappedField[TimeColumn]):
    """The event time.

    Attributes:
        timezone: of times without an offset.
        ways: with an offset, and without.
        local: whether a time had no offset and was taken by the time zone.
    """

    timezone: str
    ways: Ways = dataclasses.field(default_factory=Ways)
    local: bool = False

    def convert(self, frame: pl.DataFrame, rows: pl.Series) -> pl.Series | Break:
        """Return microseconds since the Unix epoch, int64."""
        column = self._joined(frame)
        if isinstance(column, Break):
            return column
        kind = column.dtype
        if isinstance(kind, (pl.Datetime, pl.Date)):
            return self._typed(column)
        if self.column.unit is not None:
            return self._counted(column, self.column.unit)
        if kind == pl.String or (kind.is_integer() and self.column.format):
            return self._written(column.cast(pl.String), rows)
        return self._no_time(column)

    def _joined(self, frame: pl.DataFrame) -> pl.Series | Break:
        parts = [frame[name] for name in self.names]
        if len(parts) == 1:
            return parts[0]
        if wrong := earliest(*(absent(part, self.field) for part in parts)):
            return wrong
        texts = [part.cast(pl.String).str.strip_chars().alias(str(number)) for number, part in enumerate(parts)]
        return pl.DataFrame(texts).select(pl.concat_str(pl.all(), separator=" "))["0"]

    def _no_time(self, column: pl.Series) -> Break:
        name = type_name(column)
        if column.dtype == pl.Time:
            remedy = written(self.field, columns=["DATE", *self.names], format="%Y-%m-%d %H:%M:%S")
            return Break(None, f"{self.field} is a time of day without its date; add its column, as in {remedy}")
        if column.dtype.is_numeric() and self.column.format is not None:
            rule = f"is a column of {name}, and format is for texts and whole numbers"
            return Break(None, f"{self.field} {rule}; convert the column")
        if column.dtype.is_numeric():
            return Break(None, f"{self.field} is a number, and needs a unit; write {self._with_unit}")
        return Break(
            None, f"{self.field} must be a time, a text or a number, got a column of {name}; convert the column"
        )

    @property
    def _with_unit(self) -> str:
        return written(self.field, **columns_written(self.names), unit="s")

    def _typed(self, column: pl.Series) -> pl.Series | Break:
        for key in ("unit", "format"):
            if getattr(self.column, key) is not None:
                text = f"{self.field} is a column of times already ({type_name(column)}); leave out {key}"
                return Break(None, text)
        zoned = isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None
        local_us = column.cast(pl.Datetime("us")) if isinstance(column.dtype, pl.Date) else column
        raw_us = local_us.dt.epoch("us").fill_null(0).to_numpy()
        none = np.zeros(len(column), dtype=np.bool_)
        return self._instants(column, raw_us, known=~none, aware=~none if zoned else none, offset_us=0 * raw_us)

    def _counted(self, column: pl.Series, unit: str) -> pl.Series | Break:
        counts = Counts.of(column)
        if counts is None:
            return Break(
                None,
                f"{self.field} must be a number of {UNITS[unit]}, got a column of {type_name(column)}; leave out unit",
            )
        if column.dtype.is_float() and column.dtype != pl.Float64:
            large = (column.abs() >= FLOAT32_EXACT_LIMIT).fill_null(value=False)
            rule = f"is a {type_name(column)}, which cannot tell numbers from {FLOAT32_EXACT_LIMIT:,} on apart"
            if wrong := broken(large, self.field, rule, column, "export the column as 64-bit numbers or text"):
                return wrong
        since = self.column.since
        event_us = counts.event_us(unit, 0 if since is None else moment_us(since, self.timezone))
        return earliest(
            absent(column, self.field),
            self._break(
                column, ~counts.numeric, f"must be a number of {UNITS[unit]}", "leave out unit, or mend or drop the row"
            ),
            self._outside(column, event_us, counts.numeric),
        ) or pl.Series(event_us)

    def _written(self, texts: pl.Series, rows: pl.Series) -> pl.Series | Break:
        form = self.column.format
        moments = InstantReader.of(texts, YEAR_FIRST if form is None else [pattern(form)])
        wrong = earliest(
            absent(texts, self.field),
            self._unread(texts, moments),
            self._break(texts, moments.fits & ~moments.real, "is not on the calendar or the clock"),
            None if self.alone else self._mixed(texts, moments, rows),
        )
        known = moments.fits & moments.real
        return self._instants(
            texts, moments.local_us, known=known, aware=moments.aware, offset_us=moments.offset_us, before=wrong
        )

    def _unread(self, texts: pl.Series, moments: InstantReader) -> Break | None:
        index = first(pl.Series(~moments.fits) & texts.is_not_null())
        if index is None:
            return None
        text = texts.item(index)
        if self.column.format is not None:
            rule, remedy = f"must be written as {self.column.format}", "correct format, or mend or drop the row"
        elif self.alone and _NUMBER.fullmatch(text):
            rule, remedy = "is a number, and needs a unit", f"write {self._with_unit}"
        else:
            rule, remedy = advice(self.field, self.names, text, texts)
        return Break(index, f"{self.field} {rule}, got {shown(text)}; {remedy}")

    def _mixed(self, texts: pl.Series, moments: InstantReader, rows: pl.Series) -> Break | None:
        """Return the first time with an offset after one without, or the other way round."""
        known = pl.Series(moments.fits & moments.real)
        found = self.ways.second(pl.Series(moments.aware), known, rows)
        if found is None:
            return None
        index, row = found
        here, there = ("an offset", "none") if moments.aware[index] else ("no offset", "one")
        rule = f"has {here} from UTC, but the time in {OTHER} has {there}"
        value = shown(texts.item(index))
        return Break(index, f"{self.field} {rule}, got {value}; write all times with an offset, or all without", row)

    def _instants(
        self,
        column: pl.Series,
        local_us: I64,
        *,
        known: Bool,
        aware: Bool,
        offset_us: I64,
        before: Break | None = None,
    ) -> pl.Series | Break:
        """Return instants of moments on clocks: those ``aware`` by their own offset, the others in the time zone."""
        near = known & (local_us > EARLIEST_US - US_PER_DAY) & (local_us < LATEST_US + US_PER_DAY)
        here = Instants.of(np.where(near & ~aware, local_us, EARLIEST_US), self.timezone)
        event_us = np.where(aware | ~near, local_us - offset_us, here.event_us)
        local = near & ~aware
        self.local = self.local or bool(local.any())
        as_it_stands = "write times with their offsets, or events.timezone: UTC to take them as they stand"
        wrong = earliest(
            before,
            absent(column, self.field),
            self._break(
                column,
                local & here.twice,
                f"comes twice in {self.timezone}, where the clock goes back here",
                as_it_stands,
            ),
            self._break(
                column,
                local & here.never,
                f"never was in {self.timezone}, where the clock goes forward here",
                f"correct events.timezone, or {as_it_stands}",
            ),
            self._outside(column, event_us, known),
        )
        return wrong or pl.Series(event_us)

    def _outside(self, column: pl.Series, event_us: I64, known: Bool) -> Break | None:
        outside = known & ((event_us < EARLIEST_US) | (event_us > LATEST_US))
        index = first(pl.Series(outside) & column.is_not_null())
        if index is None:
            return None
        meant = f"{shown(column.item(index))}, which is {instant(int(event_us[index]))}"
        keys = " and ".join(key for key in ("unit", "since", "format") if getattr(self.column, key) is not None)
        remedy = f"correct {keys}, or mend or drop the row" if keys else "mend or drop the row"
        if keys == "unit":
            remedy = "correct unit, or add since: the moment that the numbers count from"
        return Break(index, f"{self.field} {RANGE}, got {meant}; {remedy}")

    def _break(self, column: pl.Series, mask: Bool, rule: str, remedy: str = "mend or drop the row") -> Break | None:
        index = first(pl.Series(mask) & column.is_not_null())
        return (
            None if index is None else Break(index, f"{self.field} {rule}, got {shown(column.item(index))}; {remedy}")
        )


TOLD: tuple[Unit, ...] = ("s", "ms", "us", "ns")
"""Units that a number tells: none is between 1990 and 2100 in two of them."""

_SHEET_DAYS = (32_874, 73_051)  # 1990-01-01 and 2100-01-01 as spreadsheets count days
_SHEET_EPOCH = "1899-12-30"
HOURLY = "%Y%m%d%H"  # 2018040108, which is a number of seconds as well


def with_unit(spec: EventsSpec, source: TableReader) -> EventsSpec:
    """Return ``spec`` with the unit of its event times, if they are bare numbers; that reads all of their column.

    Raises:
        TransactionFileError: no unit puts every row between 1990 and 2100.
    """
    column = spec.columns.event_time
    if column.column is None or column.unit is not None or column.format is not None:
        return spec
    unit = _Numbers(spec, column.column).unit(source)
    if unit is None:
        return spec
    event_time = msgspec.structs.replace(column, unit=unit)
    return replace(spec, columns=msgspec.structs.replace(spec.columns, event_time=event_time))


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The column of event times of a file, which may be numbers."""

    spec: EventsSpec
    name: str

    def unit(self, source: TableReader) -> Unit | None:
        """Return the unit that the numbers tell; None if they are no numbers."""
        unit: Unit | None = None
        row = 1
        for frame in source.frames([self.name]):
            column = frame[self.name]
            counts = Counts.of(column)
            if counts is None:
                return None
            known = np.flatnonzero(column.is_not_null().to_numpy())
            if unit is None and len(known):
                index = int(known[0])
                if not counts.numeric[index] and column.dtype == pl.String:
                    return None
                if not counts.numeric[index]:
                    text = f"event_time must be a time, got {shown(column.item(index))}; fill it or drop the row"
                    raise problem(self.spec.file, text, row=row + index, column=self.name)
                unit = self._told(str(column.item(index)).strip(), counts, index, row + index)
            if unit is not None:
                self._check(unit, column, counts, row)
            row += len(frame)
        return unit

    def _told(self, text: str, counts: Counts, index: int, row: int) -> Unit:
        """Return the unit that the first number tells."""
        digits = text.removesuffix(".0")
        if form := run_format(digits):
            raise self._wrong(row, text, "is a date written as a number", {"format": form})
        fits: list[Unit] = [unit for unit in TOLD if _between(counts, unit)[index]]
        if not fits and _SHEET_DAYS[0] <= counts.whole[index] < _SHEET_DAYS[1]:
            said = {"unit": "d", "since": _SHEET_EPOCH}
            raise self._wrong(row, text, "is a number without a unit, perhaps a day as spreadsheets count them", said)
        if not fits:
            rule = "is a number without a unit, and none of s, ms, us and ns puts it between 1990 and 2100"
            said = {"unit": "h", "since": "2018-04-01"}
            raise self._wrong(row, text, rule, said, "what its unit is and what it counts from, as in ")
        if run_format(f"{digits}00") is not None:  # an hour written as a number
            how = f"{written('event_time', column=self.name, format=HOURLY)} or "
            rule = "is a number without a unit that is a date and hour as well"
            raise self._wrong(row, text, rule, {"unit": fits[0]}, how)
        return fits[0]

    def _check(self, unit: Unit, column: pl.Series, counts: Counts, row: int) -> None:
        """Refuse the first number that ``unit`` does not put between 1990 and 2100; what is none is refused later."""
        outside = pl.Series(counts.numeric & ~_between(counts, unit)) & column.is_not_null()
        if outside.any():
            index = outside.arg_max() or 0
            meant = instant(int(counts.event_us(unit, 0)[index]))
            rule = f"is a number without a unit: earlier rows are {UNITS[unit]}, but this one would be {meant}"
            raise self._wrong(
                row + index, str(column.item(index)), rule, {"unit": unit}, "the unit of all rows, as in "
            )

    def _wrong(self, row: int, text: str, rule: str, said: dict[str, str], how: str = "") -> TransactionFileError:
        remedy = written("event_time", column=self.name, **said)
        return problem(
            self.spec.file, f"event_time {rule}, got {shown(text)}; write {how}{remedy}", row=row, column=self.name
        )


def _between(counts: Counts, unit: Unit) -> np.ndarray:
    event_us = counts.event_us(unit, 0)
    return counts.numeric & (event_us >= EARLIEST_US) & (event_us <= LATEST_US)
