"""The rules that rows of a file must keep among themselves: times never fall, ids are unique."""

import datetime as dt
from collections.abc import Callable

import polars as pl

from actors.clock import US_PER_HOUR
from sim.events.fields.field import Break
from sim.tables.problem import shown

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - times as they stand in a file
_SUNDAY = 6
_AUTUMN = (3, 4, 10, 11)  # months in which clocks go back, south and north
_NIGHT_ENDS = 4  # they do so before that hour


def out_of_order(times: pl.Series, latest_us: int, *, local: bool) -> Break | None:
    """Return the first row earlier than the one before it.

    Args:
        times: microseconds since the Unix epoch.
        latest_us: the time before the first row.
        local: the file has times without an offset, taken as they stand.
    """
    before = times.shift(1, fill_value=latest_us)
    late = times < before
    if not late.any():
        return None
    index = late.arg_max() or 0
    from_us, to_us = int(before.item(index)), int(times.item(index))
    fall = f"times must never fall from row to row, but this one is {_span(from_us - to_us)} before the row above"
    if local and _clocks_went_back(from_us, to_us):
        why = "in a night in which clocks go back, when times without an offset come twice"
        return Break(index, f"{fall}, {why}; write the times with their offsets, or in UTC")
    return Break(index, f"{fall}; write events.sort: true to have the rows sorted by time, or sort the file")


def repeated(ids: pl.Series, rows: pl.Series, where: Callable[[int], str]) -> tuple[int, str] | None:
    """Return (row, text) of the first id that occurred before, or None when each is unique; ``where`` words a row."""
    again = ~ids.is_first_distinct()
    if not again.any():
        return None
    index = again.arg_max() or 0
    earlier = rows.item((ids == ids.item(index)).arg_max() or 0)
    text = f"ids must be unique, but {shown(ids.item(index))} is also in {where(earlier)}"
    return rows.item(index), f"{text}; drop one, or leave out events.columns.id to number the rows instead"


def _clocks_went_back(from_us: int, to_us: int) -> bool:
    """Return whether a fall looks like a local clock's in autumn: about an hour, on a Sunday before dawn."""
    moment = _EPOCH + dt.timedelta(microseconds=from_us)
    return (
        US_PER_HOUR // 2 < from_us - to_us <= US_PER_HOUR
        and moment.weekday() == _SUNDAY
        and moment.month in _AUTUMN
        and moment.hour < _NIGHT_ENDS
    )


def _span(span_us: int) -> str:
    """Return a span as days, hours, minutes and seconds."""
    return str(dt.timedelta(microseconds=span_us))
