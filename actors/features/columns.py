"""Cutting columns of transactions."""

from dataclasses import fields
from typing import Any

from actors.arrays import I64
from actors.transaction import Columns

_NAMES = tuple(field.name for field in fields(Columns))


class Part(Columns):
    """Some of ``whole``, the rest of which is expected to come too: what is looked up for all of it serves each part.

    What every batch is asked for is cut at once, the rest when someone asks: most often no one does, and to cut all
    takes twice as long.

    Args:
        whole: what it is cut from; arrays share memory.
        start: its first transaction there.
        stop: behind its last one.
    """

    __slots__ = ("start", "stop", "whole")

    def __init__(self, whole: Columns, start: int, stop: int) -> None:
        self.whole, self.start, self.stop = whole, start, stop
        self.ids = whole.ids[start:stop]
        self.event_us = whole.event_us[start:stop]
        self.cards = whole.cards[start:stop]
        self.merchants = whole.merchants[start:stop]
        self.amount = whole.amount[start:stop]

    def __getattr__(self, name: str) -> object:
        """Cut a column that was not asked for before."""
        if name not in _NAMES:
            raise AttributeError(name)
        column = getattr(self.whole, name)[self.start : self.stop]
        setattr(self, name, column)
        return column


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
