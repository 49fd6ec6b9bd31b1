"""Latitude and longitude."""

from dataclasses import dataclass

import polars as pl

from sim.events.fields.field import Break, MappedField, broken, wrong_type
from sim.scenario.column_map import PlainColumn


@dataclass(slots=True)
class DegreesField(MappedField[PlainColumn]):
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
        plain = column.str.strip_chars() if column.dtype == pl.String else column
        degrees = plain.cast(pl.Float64, strict=False)
        fits = degrees.is_between(-self.limit, self.limit) & degrees.is_not_nan()
        return broken(~fits.fill_null(value=False) & column.is_not_null(), self.field, rule, column) or degrees
