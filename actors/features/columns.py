"""Cutting columns of transactions."""

from dataclasses import fields
from typing import Any

from actors.arrays import I64
from actors.transaction import Columns

_NAMES = tuple(field.name for field in fields(Columns))


def cut(columns: Columns, at: slice) -> Columns:
    """Return the transactions in ``at``; arrays share memory."""
    return Columns(*(getattr(columns, name)[at] for name in _NAMES))


def pick(columns: Columns, rows: I64) -> Columns:
    """Return the transactions in ``rows``, int64 (n,), in that order."""
    picked: dict[str, Any] = {}
    for name in _NAMES:
        field = getattr(columns, name)
        picked[name] = [field[row] for row in rows] if isinstance(field, list) else field[rows]
    return Columns(**picked)
