"""The rules that rows of a file must keep, one column at a time: what converts, what is absent, what is in order."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from actors.transaction import REQUIRED_FIELDS
from sim.events.fields import FIELDS
from sim.tables.problem import shown


@dataclass(frozen=True, slots=True)
class Break:
    """The first row of a column that breaks a rule.

    Attributes:
        index: of the row in its frame, from 0; None when the type of the whole column does.
        text: the rule, the value, the remedy.
    """

    index: int | None
    text: str


def convert(field: str, column: pl.Series, timezone: str = "UTC") -> pl.Series | Break:
    """Return ``column`` as ``field``'s type, or the first row that cannot be.

    Args:
        timezone: of times without an offset.
    """
    kind = FIELDS[field]
    absent = column.is_null()
    if _always_known(field) and absent.any():
        return Break(absent.arg_max(), f"{field} must be known in every row, got nothing; fill it or drop the row")
    converted = kind.convert(column, timezone)
    if converted is None:
        return Break(None, f"{field} {kind.rule}, got a column of {column.dtype}; convert the column")
    broken = (converted.is_null() & ~absent) | ~kind.valid(converted).fill_null(value=True)
    if broken.any():
        index = broken.arg_max() or 0
        return Break(index, f"{field} {kind.rule}, got {shown(column.item(index))}; mend or drop the row")
    return converted


def out_of_order(times: pl.Series, latest_us: int) -> Break | None:
    """Return the first row earlier than the one before it; ``latest_us`` is the time before the first row."""
    late = times < times.shift(1, fill_value=latest_us)
    if not late.any():
        return None
    return Break(late.arg_max(), "times must never fall from row to row, but this one does; sort the file by time")


def repeated(ids: pl.Series, rows: pl.Series, where: Callable[[int], str]) -> tuple[int, str] | None:
    """Return (row, text) of the first id that occurred before, or None when each is unique; ``where`` words a row."""
    again = ~ids.is_first_distinct()
    if not again.any():
        return None
    index = again.arg_max() or 0
    earlier = rows.item((ids == ids.item(index)).arg_max() or 0)
    return rows.item(index), f"ids must be unique, but {shown(ids.item(index))} is also in {where(earlier)}; drop one"


def _always_known(field: str) -> bool:
    return field in REQUIRED_FIELDS or field == "fraud"
