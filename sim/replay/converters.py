"""The converter of each field of a column map, and those of labels, latitude and longitude."""

from dataclasses import dataclass

import polars as pl

from actors.core.transaction import MAX_LATITUDE, MAX_LONGITUDE
from sim.replay.amounts import AmountField
from sim.replay.field import Break, Converter, MappedField, absent, broken, earliest, written, wrong_type
from sim.replay.keys import KeyField, TextField, known
from sim.replay.times import TimeField
from sim.scenario.events import (
    AmountColumn,
    DegreesColumn,
    EventColumns,
    FieldColumn,
    KeyColumn,
    LabelColumn,
    TextColumn,
    TimeColumn,
)
from sim.tables.problem import listed

LIMITS = {"lat": MAX_LATITUDE, "lon": MAX_LONGITUDE}


def converters_of(columns: EventColumns, timezone: str) -> dict[str, Converter]:
    """Return a new converter for each mapped field, by field, in the order of a transaction."""
    return {field: converter_of(field, column, timezone) for field, column in columns.mapped().items()}


def converter_of(field: str, column: FieldColumn, timezone: str, *, alone: bool = False) -> Converter:
    """Return a new converter for ``field``; see `MappedField` for what ``alone`` means."""
    match column:
        case TimeColumn():
            return TimeField(field, column, timezone, alone=alone)
        case AmountColumn():
            return AmountField(field, column, alone=alone)
        case LabelColumn():
            return LabelField(field, column)
        case KeyColumn():
            return KeyField(field, column, alone=alone)
        case TextColumn():
            return TextField(field, column)
        case DegreesColumn():
            return DegreesField(field, column, LIMITS[field])
    raise TypeError(f"no converter for {column!r}")


@dataclass(slots=True)
class DegreesField(MappedField[DegreesColumn]):
    """Degrees that may be absent.

    Attributes:
        limit: the largest, and the smallest with a minus.
    """

    limit: float

    def convert(self, frame: pl.DataFrame, rows: pl.Series) -> pl.Series | Break:
        """Return degrees, float64, null where there are none."""
        del rows
        column = frame[self.column.column]
        rule = f"must be degrees from {-self.limit:.0f} to {self.limit:.0f}"
        if not (column.dtype.is_numeric() or column.dtype == pl.String):
            return wrong_type(self.field, rule, column)
        column = known(column, self.column.missing)
        plain = column.str.strip_chars() if column.dtype == pl.String else column
        degrees = plain.cast(pl.Float64, strict=False)
        fits = degrees.is_between(-self.limit, self.limit) & degrees.is_not_nan()
        return broken(~fits.fill_null(value=False) & column.is_not_null(), self.field, rule, column) or degrees


TRUE, FALSE = ("1", "true"), ("0", "false")
LABEL_RULE = "must be 0 or 1, or true or false"


def folded(word: str) -> str:
    """Return ``word`` as it is compared: without case, blanks around it, or the .0 of a whole number.

    Example:
        >>> folded(" Yes "), folded("1.0")
        ('yes', '1')
    """
    plain = word.strip().lower()
    whole, point, zeros = plain.partition(".")
    return whole if point and whole.isdecimal() and zeros and not zeros.strip("0") else plain


@dataclass(slots=True)
class LabelField(MappedField[LabelColumn]):
    """Whether a transaction was fraud."""

    def convert(self, frame: pl.DataFrame, rows: pl.Series) -> pl.Series | Break:
        """Return 1 for fraud and 0 for none, int64."""
        del rows
        column = frame[self.column.column]
        kind = column.dtype
        if not (kind.is_numeric() or kind in (pl.String, pl.Boolean) or isinstance(kind, (pl.Categorical, pl.Enum))):
            return wrong_type(self.field, self._rule, column)
        words = column.cast(pl.String).str.strip_chars().str.to_lowercase().str.replace(r"^([0-9]+)\.0+$", "${1}")
        true, false = (tuple(map(folded, each)) for each in (self.column.true or TRUE, self.column.false or FALSE))
        unknown = ~words.is_in([*true, *false])
        wrong = earliest(
            absent(column, self.field),
            broken(unknown.fill_null(value=False), self.field, self._rule, column, self._remedy),
        )
        return wrong or words.is_in(true).cast(pl.Int64)

    @property
    def _rule(self) -> str:
        if not self.column.true:
            return LABEL_RULE
        return f"must be one of {listed((*self.column.true, *self.column.false))}, as events.columns.fraud says"

    @property
    def _remedy(self) -> str:
        if self.column.true:
            return "add the word to one of the two sides, or drop the row"
        example = written(self.field, column=self.column.column, true="Yes", false="No")
        return f"say what the words mean, as in {example}, or drop the row"
