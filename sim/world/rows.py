"""Transactions inside the world: numbers in a structured array, before they get their names.

A structured array can be cut, joined, sorted and overwritten in one step, which is what generators do all day.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.void]

ROW = np.dtype(
    [
        ("event_us", "i8"),
        ("town", "i4"),
        ("card", "i4"),
        ("merchant", "i4"),
        ("cents", "i8"),
        ("online", "?"),
        ("device", "i8"),
        ("ip", "i4"),  # index of a country
        ("lat", "f8"),
        ("lon", "f8"),
        ("fraud", "u1"),
        ("pattern", "u1"),
    ]
)


class Pattern(IntEnum):
    """The fraud pattern a transaction belongs to."""

    NONE = 0
    STOLEN_CARD = 1
    CARD_TESTING = 2
    ACCOUNT_TAKEOVER = 3
    COMPROMISED_MERCHANT = 4
    FRAUD_RING = 5

    @property
    def label(self) -> str:
        """The name in reports."""
        return self.name.lower()


def empty(count: int = 0) -> Rows:
    """Return ``count`` rows of zeros."""
    return np.zeros(count, dtype=ROW)


def in_order(*parts: Rows) -> Rows:
    """Return all parts in order of event time; equal times keep the order of the parts."""
    rows = np.concatenate(parts)
    return rows[np.argsort(rows["event_us"], kind="stable")]
