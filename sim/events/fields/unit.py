"""The unit of a column of bare numbers: told by the numbers only if all of them agree, and never guessed otherwise."""

from dataclasses import dataclass, replace

import msgspec
import numpy as np
import polars as pl

from actors.errors import TransactionFileError
from actors.transaction import EARLIEST_US, LATEST_US
from sim.events.fields.advice import run_format
from sim.events.fields.field import written
from sim.events.fields.numbers import Counts
from sim.events.fields.times import instant
from sim.events.spec import EventsSpec
from sim.scenario.column_map import UNITS, Unit
from sim.tables.problem import problem, shown
from sim.tables.reader import Reader

TOLD: tuple[Unit, ...] = ("s", "ms", "us", "ns")
"""Units that a number tells: none is between 1990 and 2100 in two of them."""

_SHEET_DAYS = (32_874, 73_051)  # 1990-01-01 and 2100-01-01 as spreadsheets count days
_SHEET_EPOCH = "1899-12-30"
HOURLY = "%Y%m%d%H"  # 2018040108, which is a number of seconds as well


def with_unit(spec: EventsSpec, source: Reader) -> EventsSpec:
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

    def unit(self, source: Reader) -> Unit | None:
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
