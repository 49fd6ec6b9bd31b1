"""Sums over windows of history, for every card, merchant and category: what a table of batch features is made of.

All are integers held in float64, so they are exact and do not depend on the order of the log, and tallies of two
histories add up to the tally of both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.arrays import F64, I64, U8, Column
from actors.clock import US_PER_DAY
from actors.features.categories import CODE_COUNT, NO_CATEGORY
from actors.features.history import HistoryView

WINDOW_DAYS = (1, 7, 30)
_CLASSES = len(WINDOW_DAYS) + 1  # class 0 is outside all windows, class 3 inside all three

# Columns of the tallies; each of the first two groups has one a window, shortest first.
CARD_COUNT, CARD_CENTS, CARD_PLACE = slice(0, 3), slice(3, 6), slice(6, 9)
MERCHANT_COUNT, MERCHANT_LABELS, MERCHANT_FRAUDS = slice(0, 3), slice(3, 6), slice(6, 9)
CATEGORY_LABELS, CATEGORY_FRAUDS = 0, 1


@dataclass(slots=True)
class Tally:
    """Sums at one instant.

    Attributes:
        cards: float64 (n_cards, 9): count, cents over 1, 7, 30 days; x, y, z of places over 30 days.
        merchants: float64 (n_merchants, 9): count, labels, frauds over 1, 7, 30 days.
        categories: float64 (CODE_COUNT, 2): labels, frauds over 30 days.
        merchant_category: int64 (n_merchants,): category of the latest label, NO_CATEGORY if there is none.
    """

    cards: F64
    merchants: F64
    categories: F64
    merchant_category: I64

    @staticmethod
    def empty(card_count: int, merchant_count: int) -> "Tally":
        """Return a tally of nothing."""
        return Tally(
            np.zeros((card_count, 9)),
            np.zeros((merchant_count, 9)),
            np.zeros((CODE_COUNT, 2)),
            np.full(merchant_count, NO_CATEGORY, dtype=np.int64),
        )


def fill(tally: Tally, history: HistoryView, at_us: int, label_delay_us: int) -> Iterator[None]:
    """Set ``tally`` to the sums of ``history`` at ``at_us``, in steps of at most a few milliseconds.

    Transactions count in (at − window, at]. Labels count in the same windows shifted back by the label delay, if they
    are known at ``at_us``; their distance keeps a window's labels complete instead of mostly unknown.

    Source: Fraud Detection Handbook, chapter 3, baseline feature transformation.
    """
    yield from _fill_transactions(tally, history, at_us)
    yield from _fill_labels(tally, history, at_us, label_delay_us)


def _fill_transactions(tally: Tally, history: HistoryView, at_us: int) -> Iterator[None]:
    columns, classes = _windowed(history.transactions, at_us)
    yield
    card_keys = columns["card"].astype(np.int64) * _CLASSES + classes
    _set_sums(tally.cards[:, CARD_COUNT], card_keys)
    yield
    _set_sums(tally.cards[:, CARD_CENTS], card_keys, columns["cents"])
    yield
    for number, axis in enumerate(("x", "y", "z"), CARD_PLACE.start):
        _, one, two, three = _by_class(card_keys, columns[axis], len(tally.cards))
        tally.cards[:, number] = one + two + three
        yield
    merchant_keys = columns["merchant"].astype(np.int64) * _CLASSES + classes
    _set_sums(tally.merchants[:, MERCHANT_COUNT], merchant_keys)
    yield


def _fill_labels(tally: Tally, history: HistoryView, at_us: int, label_delay_us: int) -> Iterator[None]:
    columns, classes = _windowed(history.labels, at_us - label_delay_us)
    classes = np.where(columns["known_us"] <= at_us, classes, 0)
    yield
    merchant, category, fraud = columns["merchant"].astype(np.int64), columns["category"], columns["fraud"] != 0
    keys = merchant * _CLASSES + classes
    _set_sums(tally.merchants[:, MERCHANT_LABELS], keys)
    _set_sums(tally.merchants[:, MERCHANT_FRAUDS], keys[fraud])
    yield
    named = (classes > 0) & (category != NO_CATEGORY)
    tally.categories[:, CATEGORY_LABELS] = np.bincount(category[named], minlength=CODE_COUNT)
    tally.categories[:, CATEGORY_FRAUDS] = np.bincount(category[named & fraud], minlength=CODE_COUNT)
    tally.merchant_category[merchant[named]] = category[named]  # of several the last stays
    yield


def _windowed(columns: dict[str, Column], at_us: int) -> tuple[dict[str, Column], U8]:
    """Return the rows that may be in a window, and how many windows each is in (0 to 3)."""
    times = columns["event_us"]
    oldest_us = at_us - WINDOW_DAYS[-1] * US_PER_DAY
    recent = np.flatnonzero(times > oldest_us)
    first = int(recent[0]) if recent.size else len(times)
    times = times[first:]
    classes = np.zeros(len(times), dtype=np.uint8)
    for days in WINDOW_DAYS:
        classes += times > at_us - days * US_PER_DAY
    classes[times > at_us] = 0
    return {name: column[first:] for name, column in columns.items()}, classes


def _set_sums(out: F64, keys: I64, weights: Column | None = None) -> None:
    """Set ``out``, float64 (count, 3), to sums by entity and window, from ``entity × 4 + class`` keys."""
    _, month, week, day = _by_class(keys, weights, len(out))
    out[:, 0] = day
    np.add(out[:, 0], week, out=out[:, 1])  # column by column: a cumsum of three takes five times as long
    np.add(out[:, 1], month, out=out[:, 2])


def _by_class(keys: I64, weights: Column | None, count: int) -> NDArray[Any]:
    """Return sums by class and entity, (4, count)."""
    sums = np.bincount(keys, weights, minlength=count * _CLASSES)[: count * _CLASSES]
    return sums.reshape(count, _CLASSES).T
