"""Cutting columns of transactions."""

from typing import Any, Self

from actors.arrays import I64
from actors.transaction import Columns

_NAMES = Columns.__struct_fields__


class Part(Columns, frozen=True, eq=False, gc=False):
    """Some of ``whole``, the rest of which is expected to come too: what is looked up for all of it serves each part.

    Attributes:
        whole: what it was cut from.
        start: where in it.
    """

    whole: Columns
    start: int

    @classmethod
    def of_whole(cls, whole: Columns, start: int, stop: int) -> Self:
        """Return the transactions from ``start`` up to ``stop``; arrays share memory."""
        return cls(*(*_fields(whole, slice(start, stop)), whole, start))


def cut(columns: Columns, at: slice) -> Columns:
    """Return the transactions in ``at``; arrays share memory."""
    return Columns(*_fields(columns, at))


def _fields(columns: Columns, at: slice) -> tuple[Any, ...]:
    """Return the fields one by one: a loop over their names takes twice as long, and this is done once a batch."""
    return (
        columns.ids[at],
        columns.event_us[at],
        columns.cards[at],
        columns.merchants[at],
        columns.cents[at],
        columns.amount[at],
        columns.currency[at],
        columns.category[at],
        columns.channel[at],
        columns.device[at],
        columns.ip_country[at],
        columns.card_country[at],
        columns.lat[at],
        columns.lon[at],
    )


def pick(columns: Columns, rows: I64) -> Columns:
    """Return the transactions in ``rows``, int64 (n,), in that order."""
    picked: dict[str, Any] = {}
    for name in _NAMES:
        field = getattr(columns, name)
        picked[name] = [field[row] for row in rows] if isinstance(field, list) else field[rows]
    return Columns(**picked)
