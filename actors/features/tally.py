"""Sums over windows of history, for every card, merchant and category: what a table of batch features is made of.

All are integers held in float64, so they are exact and do not depend on the order of the log, and tallies of two
histories add up to the tally of both.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from actors.arrays import F64, I32, I64, U8, Bool, Column
from actors.clock import US_PER_DAY
from actors.features.categories import CODE_COUNT, NO_CATEGORY
from actors.features.history import HistoryView
from actors.features.log import pieces

WINDOW_DAYS = (1, 7, 30)

# Columns of the tallies; each group has one a window, shortest first, or one an axis.
_WIDTH = 9
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
            np.zeros((card_count, _WIDTH)),
            np.zeros((merchant_count, _WIDTH)),
            np.zeros((CODE_COUNT, 2)),
            np.full(merchant_count, NO_CATEGORY, dtype=np.int64),
        )


def fill(
    tally: Tally, history: HistoryView, at_us: int, label_delay_us: int, card_rows: I32 | None = None
) -> Iterator[None]:
    """Fill ``tally``, which is empty, with the sums of ``history`` at ``at_us``, in steps of a few milliseconds.

    Transactions count in (at − window, at]. Labels count in the same windows shifted back by the label delay, if they
    are known at ``at_us``; their distance keeps a window's labels complete instead of mostly unknown.

    Args:
        tally: empty.
        history: what is added up.
        at_us: the instant.
        label_delay_us: how long labels take.
        card_rows: row in ``tally.cards`` of each card's code; None if the code itself is the row.

    Source: Fraud Detection Handbook, chapter 3, baseline feature transformation.
    """
    for piece in pieces(history.transactions):
        _add_transactions(tally, piece, at_us, card_rows)
        yield
    for piece in pieces(history.labels):
        _add_labels(tally, piece, at_us, label_delay_us)
        yield
    for group in (CARD_COUNT, CARD_CENTS):
        _widen(tally.cards[:, group])
    for group in (MERCHANT_COUNT, MERCHANT_LABELS, MERCHANT_FRAUDS):
        _widen(tally.merchants[:, group])
    yield


def _add_transactions(tally: Tally, piece: dict[str, Column], at_us: int, card_rows: I32 | None) -> None:
    inside, window = _windows(piece["event_us"], at_us)
    card, merchant = piece["card"][inside], piece["merchant"][inside]
    card_at = _WIDTH * (card if card_rows is None else card_rows[card]).astype(np.int64)
    cards, merchants = tally.cards.reshape(-1), tally.merchants.reshape(-1)
    np.add.at(cards, card_at + (CARD_COUNT.start + window), 1.0)
    np.add.at(cards, card_at + (CARD_CENTS.start + window), piece["cents"][inside].astype(np.float64))
    for number, axis in enumerate(("x", "y", "z"), CARD_PLACE.start):
        np.add.at(cards, card_at + number, piece[axis][inside].astype(np.float64))
    np.add.at(merchants, _WIDTH * merchant.astype(np.int64) + (MERCHANT_COUNT.start + window), 1.0)


def _add_labels(tally: Tally, piece: dict[str, Column], at_us: int, label_delay_us: int) -> None:
    inside, window = _windows(piece["event_us"], at_us - label_delay_us, piece["known_us"] <= at_us)
    merchant, category = piece["merchant"][inside].astype(np.int64), piece["category"][inside]
    fraud = piece["fraud"][inside] != 0
    merchants, at = tally.merchants.reshape(-1), _WIDTH * merchant + window
    np.add.at(merchants, at + MERCHANT_LABELS.start, 1.0)
    np.add.at(merchants, at[fraud] + MERCHANT_FRAUDS.start, 1.0)
    named = category != NO_CATEGORY
    tally.categories[:, CATEGORY_LABELS] += np.bincount(category[named], minlength=CODE_COUNT)
    tally.categories[:, CATEGORY_FRAUDS] += np.bincount(category[named & fraud], minlength=CODE_COUNT)
    tally.merchant_category[merchant[named]] = category[named]  # of several the last stays


def _windows(times: I64, at_us: int, known: Bool | None = None) -> tuple[I64, U8]:
    """Return which rows are in a window, (k,), and the shortest that each of them is in: 0, 1 or 2."""
    day, week, month = (times > at_us - days * US_PER_DAY for days in WINDOW_DAYS)
    month &= times <= at_us
    if known is not None:
        month &= known
    inside = np.flatnonzero(month)
    return inside, 2 - day[inside].astype(np.uint8) - week[inside]


def _widen(sums: F64) -> None:
    """Add each window's sums, (count, 3), to those of the longer ones, in which it lies."""
    sums[:, 1] += sums[:, 0]
    sums[:, 2] += sums[:, 1]
