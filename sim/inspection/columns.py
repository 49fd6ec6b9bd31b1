"""What the columns of a file look like: type, how many values are absent, samples; from its first rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

SAMPLES: Final = 3
_WHOLE: Final = r"^\s*[+-]?[0-9]+\s*$"
_NUMBER: Final = r"^\s*[+-]?[0-9]*[.,]?[0-9]+(?:[eE][+-]?[0-9]+)?\s*$"
_MARKS: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One column, by the rows that were looked at.

    Attributes:
        name: as the file has it.
        kind: what its values are, in a word.
        absent_ratio: share of rows without a value.
        distinct: how many different values.
        samples: the first different ones.
    """

    name: str
    kind: str
    absent_ratio: float
    distinct: int
    samples: tuple[object, ...]


def columns_of(frame: pl.DataFrame) -> list[Column]:
    """Return what the columns of ``frame``, at least one row, look like."""
    return [_column(frame[name]) for name in frame.columns]


def _column(column: pl.Series) -> Column:
    known = column.drop_nulls()
    different = known.unique(maintain_order=True)
    return Column(
        name=column.name,
        kind=_kind(known),
        absent_ratio=column.null_count() / len(column),
        distinct=len(different),
        samples=tuple(different.head(SAMPLES).to_list()),
    )


def _kind(known: pl.Series) -> str:
    kind = known.dtype
    if not len(known):
        return "empty"
    if kind == pl.String:
        return _kind_of_texts(known)
    words: Sequence[tuple[bool, str]] = (
        (kind == pl.Boolean, "true, false"),
        (isinstance(kind, (pl.Datetime, pl.Date)), "time"),
        (kind.is_integer(), "whole number"),
        (kind.is_numeric(), "number"),
    )
    return next((word for fits, word in words if fits), re.sub(r"\(.*", "", str(kind), flags=re.DOTALL))


def _kind_of_texts(known: pl.Series) -> str:
    if known.str.contains(_WHOLE).all():
        return "whole number"
    if known.str.contains(_NUMBER).all():
        return "number"
    shape = _MARKS.sub("0", str(known.item(0)))
    dates = r"^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}"
    if known.str.contains(dates).all() or (":" in shape and known.str.contains(r"^[0-9]{1,2}:[0-9]{2}").all()):
        return "time"
    return "text"
