"""Words for fraud: 0 and 1, true and false, or those that the column map gives."""

from dataclasses import dataclass

import polars as pl

from sim.events.fields.field import Break, MappedField, absent, broken, earliest, written, wrong_type
from sim.scenario.column_map import LabelColumn
from sim.tables.problem import listed

TRUE, FALSE = ("1", "true"), ("0", "false")
RULE = "must be 0 or 1, or true or false"


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
            return RULE
        return f"must be one of {listed((*self.column.true, *self.column.false))}, as events.columns.fraud says"

    @property
    def _remedy(self) -> str:
        if self.column.true:
            return "add the word to one of the two sides, or drop the row"
        example = written(self.field, column=self.column.column, true="Yes", false="No")
        return f"say what the words mean, as in {example}, or drop the row"
