"""The forms in which the times of a file can be read, judged by all of its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
import polars as pl

from sim.inspection.columns import (
    DATES,
    EXACT,
    PARTLY,
    PARTS_OF_TIME,
    TIMES_OF_DAY,
    ZONES,
    is_not_it,
    letters_of,
    score,
)
from sim.replay.field import Break
from sim.replay.time_hints import formats_of, run_format
from sim.replay.times import HOURLY, TOLD, TimeField
from sim.scenario.events import TimeColumn, Unit
from sim.units import parse_moment

SINCE: Final = parse_moment("2020-01-01")  # a count from an unknown start must begin somewhere
SHEET_SINCE: Final = parse_moment("1899-12-30")
_SHEET_DAYS: Final = (32_874, 73_051)
_LONGEST_US: Final = 20 * 365 * 86_400_000_000  # no file of transactions is of more than 20 years
_COUNTS: Final[tuple[tuple[Unit, tuple[str, ...]], ...]] = (
    ("h", ("step", "hour", "hours")),
    ("d", ("day", "days")),
    ("min", ("minute", "minutes", "min")),
    ("s", ()),
)


@dataclass(slots=True)
class TimeForm:
    """One way to read the times.

    Attributes:
        column: how it is written in a column map.
        doubt: what is not sure about it, before all of the file is read; empty where nothing is.
        absolute: whether its times are those of a calendar, not a count from an unknown start.
        rows: that were read.
        falls: how many rows are earlier than the one above.
        first_us: the earliest time.
        last_us: the latest time.
        refusal: why a row cannot be read; empty where all can.
    """

    column: TimeColumn
    doubt: str = ""
    absolute: bool = True
    rows: int = 0
    falls: int = 0
    first_us: int = 2**63 - 1
    last_us: int = -(2**63)
    refusal: str = ""
    _field: TimeField | None = None
    _before_us: int = 0

    def take(self, frame: pl.DataFrame, timezone: str) -> None:
        """Look at the next rows."""
        if self.refusal:
            return
        self._field = self._field or TimeField("event_time", self.column, timezone)
        times = self._field.convert(frame, pl.int_range(self.rows + 1, self.rows + 1 + len(frame), eager=True))
        if isinstance(times, Break):
            self.refusal = times.after(self.rows)
            return
        self.rows += len(frame)
        self.falls += int((times < times.shift(1, fill_value=self._before_us)).sum())
        lowest, highest = times.min(), times.max()
        if isinstance(lowest, int) and isinstance(highest, int):
            self.first_us, self.last_us = min(self.first_us, lowest), max(self.last_us, highest)
        self._before_us = times.item(-1)


def best_forms(head: pl.DataFrame, timezone: str) -> list[TimeForm]:
    """Return the forms in which the most likely times of a file can be read, by its first rows; none if it has none.

    They all are of the same columns. What a calendar tells goes before a count from an unknown start, then the clearer
    name.
    """
    ranked: list[tuple[int, int, list[TimeForm]]] = []
    for points, forms in _candidates(head):
        good = [form for form in forms if _reads(form, head, timezone)]
        plain = [form for form in good if form.column.format is None and form.column.unit is None]
        absolute = plain or [form for form in good if form.absolute]  # what needs no format is read one way only
        if good or points > PARTLY:  # a name that clear is told of, even where its values cannot be read
            ranked.append((bool(good) + bool(absolute), points, absolute or good or forms[:1]))
    _, points, forms = max(ranked, key=lambda each: each[:2], default=(0, 0, []))
    return [replace(form, doubt=_doubt(form, points, ranked, head)) for form in forms]


def _doubt(form: TimeForm, points: int, ranked: Sequence[tuple[int, int, list[TimeForm]]], head: pl.DataFrame) -> str:
    """Return what is not sure about ``form``, other columns that may be meant included."""
    doubts = [form.doubt] if form.doubt else []
    mine = form.column.names
    if points <= PARTLY:
        others = [forms[0].column.names for good, _, forms in ranked if good and forms[0].column.names != mine]
        doubts += [f"it may be {', '.join(names)} instead" for names in others[:2]]
    clocks = [name for name in head.columns if letters_of(name) in TIMES_OF_DAY and name not in mine]
    if clocks and len(mine) == 1 and not _has_clock(head[mine[0]]):
        doubts.append(f"the time of day may be in {clocks[0]}, and is left out")
    zones = [name for name in head.columns if letters_of(name) in ZONES and name not in mine]
    if zones:
        doubts.append(f"{zones[0]} may be the zone of each time, and is left out")
    return "; ".join(doubts)


def _has_clock(column: pl.Series) -> bool:
    if column.dtype == pl.String:
        return bool(column.str.contains(r"[0-9]:[0-9]|^[0-9.]+$").any())
    return column.dtype != pl.Date


def _reads(form: TimeForm, head: pl.DataFrame, timezone: str) -> bool:
    trial = replace(form)
    trial.take(head, timezone)
    return not trial.refusal and trial.last_us - trial.first_us < _LONGEST_US


def _candidates(head: pl.DataFrame) -> Iterator[tuple[int, list[TimeForm]]]:
    """Yield the points of some columns by their names, and the forms that they may have."""
    yield from _of_parts(head)
    yield from _of_two(head)
    for name in head.columns:
        known = head[name].drop_nulls()
        points = score("event_time", name)
        if (
            not len(known)
            or (not points and is_not_it(name))
            or not (points or known.dtype == pl.String or isinstance(known.dtype, (pl.Datetime, pl.Date)))
        ):
            continue
        yield points, list(_forms(name, known, named=points > 0))


def _forms(name: str, known: pl.Series, *, named: bool) -> Iterator[TimeForm]:
    column = TimeColumn(column=name)
    if isinstance(known.dtype, (pl.Datetime, pl.Date)):
        yield TimeForm(column)
        return
    text = str(known.item(0)).strip()
    if text.replace(".", "", 1).isdecimal():
        if named:
            yield from _numbers(column, text.removesuffix(".0"))
        return
    yield TimeForm(column)
    if known.dtype == pl.String:
        yield from _in_formats(column, text)


def _in_formats(column: TimeColumn, text: str) -> Iterator[TimeForm]:
    """Yield the forms with a format that ``text`` fits."""
    yield from (TimeForm(msgspec.structs.replace(column, format=each)) for each in formats_of(text))


def _numbers(column: TimeColumn, text: str) -> Iterator[TimeForm]:
    if (form := run_format(text)) is not None:
        yield TimeForm(msgspec.structs.replace(column, format=form))
        return
    if run_format(f"{text}00") is not None:  # 2024030107, which is a number of seconds as well
        yield TimeForm(msgspec.structs.replace(column, format=HOURLY))
    yield from (TimeForm(msgspec.structs.replace(column, unit=unit)) for unit in TOLD)
    number = float(text)
    if _SHEET_DAYS[0] <= number < _SHEET_DAYS[1] and score("event_time", column.column or "") > 0:
        days = msgspec.structs.replace(column, unit="d", since=SHEET_SINCE)
        yield TimeForm(days, "they look like days as spreadsheets count them")
    short = letters_of(column.column or "")
    unit = next(unit for unit, words in _COUNTS if not words or short in words)
    counted = msgspec.structs.replace(column, unit=unit, since=SINCE)
    yield TimeForm(
        counted, "a count from an unknown start: unit and since are guesses, write those of the file", absolute=False
    )


def _of_parts(head: pl.DataFrame) -> Iterator[tuple[int, list[TimeForm]]]:
    """Yield year, month, day and time of day in columns of their own."""
    by_name = {letters_of(name): name for name in head.columns}
    if not set(PARTS_OF_TIME) <= set(by_name):
        return
    names, formats = [by_name[part] for part in PARTS_OF_TIME], list(PARTS_OF_TIME.values())
    clock = next((by_name[each] for each in TIMES_OF_DAY if each in by_name), None)
    if clock is not None:
        names.append(clock)
        formats.append(_clock(head[clock]))
    yield EXACT, [TimeForm(TimeColumn(columns=tuple(names), format=" ".join(formats)))]


def _clock(column: pl.Series) -> str:
    known = column.drop_nulls().cast(pl.String)
    text = str(known.item(0)) if len(known) else ""
    return "%H" if ":" not in text else "%H:%M:%S" if text.count(":") > 1 else "%H:%M"


def _of_two(head: pl.DataFrame) -> Iterator[tuple[int, list[TimeForm]]]:
    """Yield a date and a time of day in columns of their own."""
    by_name = {letters_of(name): name for name in head.columns}
    date = next((by_name[each] for each in DATES if each in by_name), None)
    clock = next((by_name[each] for each in TIMES_OF_DAY if each in by_name), None)
    if date is None or clock is None or not _is_clock(head[clock]) or not head[date].count():
        return
    joined = _joined(head, (date, clock))
    yield EXACT, list(_in_formats(TimeColumn(columns=(date, clock)), joined))


def _is_clock(column: pl.Series) -> bool:
    return (
        column.dtype == pl.String
        and bool(column.count())
        and bool(column.drop_nulls().str.contains(r"^\s*[0-9]{1,2}:[0-9]{2}").all())
    )


def _joined(head: pl.DataFrame, names: Sequence[str]) -> str:
    return " ".join(str(head[name].drop_nulls().head(1).to_list()[0]) for name in names)


def _unlikely(form: TimeForm) -> tuple[int, bool, int]:
    """Return what speaks against a form: falls, then that it counts though all may be dates, then how long it is."""
    return form.falls, form.column.unit is not None, form.last_us - form.first_us


@dataclass(slots=True)
class TimeForms:
    """Reads the times of a file in all forms that its first rows allow.

    Attributes:
        forms: those, the likelier first.
        timezone: of times without an offset.
    """

    forms: list[TimeForm] = field(default_factory=list)
    timezone: str = "UTC"

    def take(self, frame: pl.DataFrame) -> None:
        """Look at the next rows."""
        for form in self.forms:
            form.take(frame, self.timezone)

    @property
    def best(self) -> TimeForm | None:
        """The form to write: one that all rows have; of several the one in order, then the one of the shortest time."""
        whole = [form for form in self.forms if not form.refusal]
        return min(whole or self.forms, key=_unlikely, default=None)

    @property
    def doubts(self) -> list[str]:
        """What is not sure about it."""
        best = self.best
        if best is None:
            return []
        found = [best.doubt] if best.doubt else []
        for other in self.forms:
            if other is not best and not other.refusal:
                said = f'format: "{other.column.format}"' if other.column.format else f"unit: {other.column.unit}"
                order = ", but then they are not in order" if other.falls > best.falls else ""
                found.append(f"{said} fits all rows as well{order}")
        return found
