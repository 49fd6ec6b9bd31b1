"""Sums over windows of history, of which the rows of the batch table are made.

All are integers held in float64: they are exact, do not depend on the order of the log, and the sums of two histories
add up to those of both.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F32, F64, I32, I64, U8, Bool, Column
from actors.core.clock import US_PER_DAY
from actors.features.column_log import pieces
from actors.features.encoding import CODE_COUNT, NO_CATEGORY
from actors.features.history import HistoryView
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS, MISSING_AT

WINDOW_DAYS = (1, 7, 30)

# Columns of the sums; each group has one for each window, shortest first, or one for each axis.
_WIDTH = 9
CARD_COUNT, CARD_CENTS, CARD_PLACE = slice(0, 3), slice(3, 6), slice(6, 9)
MERCHANT_COUNT, MERCHANT_LABELS, MERCHANT_FRAUDS = slice(0, 3), slice(3, 6), slice(6, 9)
CATEGORY_LABELS, CATEGORY_FRAUDS = 0, 1


@dataclass(slots=True)
class BatchSums:
    """Sums by merchant and category at one instant.

    Attributes:
        merchants: float64 (n, 9): count, labels, frauds over 1, 7, 30 days, one row a merchant.
        categories: float64 (CODE_COUNT, 2): labels, frauds over 30 days.
        merchant_category: int64 (n,): category of the latest label, NO_CATEGORY if there is none.
    """

    merchants: F64
    categories: F64
    merchant_category: I64

    @staticmethod
    def empty(merchant_count: int) -> "BatchSums":
        """Return sums of nothing for so many merchants."""
        return BatchSums(
            np.zeros((merchant_count, _WIDTH)),
            np.zeros((CODE_COUNT, 2)),
            np.full(merchant_count, NO_CATEGORY, dtype=np.int64),
        )


def no_cards(count: int) -> F64:
    """Return sums of nothing for ``count`` cards, float64 (count, 9).

    Their columns: count, cents over 1, 7, 30 days; x, y, z of places over 30 days.
    """
    return np.zeros((count, _WIDTH))


def fill_cards(sums: F64, history: HistoryView, at_us: int, rows: I32 | None = None, first: int = 0) -> Iterator[None]:
    """Fill ``sums`` with those of some cards at ``at_us``, in steps of a few milliseconds.

    Transactions count in (at − window, at].

    Args:
        sums: of nothing, as `no_cards` returns them.
        history: what is added up.
        at_us: the instant.
        rows: row of each card, by its code, among the cards that are asked about; None if the code is the row.
        first: the row with which ``sums`` begin; cards of other rows are left out.

    Source: Fraud Detection Handbook, chapter 3, baseline feature transformation.
    """
    for piece in pieces(history.transactions):
        _add_cards(sums, piece, at_us, rows, first)
        yield
    for group in (CARD_COUNT, CARD_CENTS):
        _widen(sums[:, group])
    yield


def fill(
    totals: BatchSums, history: HistoryView, at_us: int, label_delay_us: int, rows: I32 | None = None
) -> Iterator[None]:
    """Fill ``totals``, which is empty, at ``at_us``, in steps of a few milliseconds.

    Transactions count in (at − window, at]. Labels count in the same windows shifted back by the label delay, if they
    are known at ``at_us``; their distance keeps a window's labels complete instead of mostly unknown.

    Args:
        totals: what is filled.
        history: what is added up.
        at_us: the instant.
        label_delay_us: how long labels take.
        rows: row of each merchant that has history, by its code; None if the code is the row.
    """
    for piece in pieces(history.transactions):
        _add_sales(totals, piece, at_us, rows)
        yield
    for piece in pieces(history.labels):
        _add_labels(totals, piece, at_us, label_delay_us, rows)
        yield
    for group in (MERCHANT_COUNT, MERCHANT_LABELS, MERCHANT_FRAUDS):
        _widen(totals.merchants[:, group])
    yield


def _add_cards(sums: F64, piece: dict[str, Column], at_us: int, rows: I32 | None, first: int) -> None:
    row = (piece["card"] if rows is None else rows[piece["card"]]) - first
    inside, window = _windows(piece["event_us"], at_us, (row >= 0) & (row < len(sums)))
    at, flat = _WIDTH * row[inside].astype(np.int64), sums.reshape(-1)
    np.add.at(flat, at + (CARD_COUNT.start + window), 1.0)
    np.add.at(flat, at + (CARD_CENTS.start + window), piece["cents"][inside].astype(np.float64))
    for number, axis in enumerate(("x", "y", "z"), CARD_PLACE.start):
        np.add.at(flat, at + number, piece[axis][inside].astype(np.float64))


def _add_sales(totals: BatchSums, piece: dict[str, Column], at_us: int, rows: I32 | None) -> None:
    inside, window = _windows(piece["event_us"], at_us)
    at = _WIDTH * _merchants(piece, inside, rows) + window
    np.add.at(totals.merchants.reshape(-1), at + MERCHANT_COUNT.start, 1.0)


def _add_labels(totals: BatchSums, piece: dict[str, Column], at_us: int, label_delay_us: int, rows: I32 | None) -> None:
    inside, window = _windows(piece["event_us"], at_us - label_delay_us, piece["known_us"] <= at_us)
    merchant, category = _merchants(piece, inside, rows), piece["category"][inside]
    fraud = piece["fraud"][inside] != 0
    merchants, at = totals.merchants.reshape(-1), _WIDTH * merchant + window
    np.add.at(merchants, at + MERCHANT_LABELS.start, 1.0)
    np.add.at(merchants, at[fraud] + MERCHANT_FRAUDS.start, 1.0)
    named = category != NO_CATEGORY
    totals.categories[:, CATEGORY_LABELS] += np.bincount(category[named], minlength=CODE_COUNT)
    totals.categories[:, CATEGORY_FRAUDS] += np.bincount(category[named & fraud], minlength=CODE_COUNT)
    totals.merchant_category[merchant[named]] = category[named]  # of several labels the last one counts


def _merchants(piece: dict[str, Column], inside: I64, rows: I32 | None) -> I64:
    """Return the row of the merchant of each of those ``inside``."""
    codes = piece["merchant"][inside]
    return (codes if rows is None else rows[codes]).astype(np.int64)


def _windows(times: I64, at_us: int, among: Bool | None = None) -> tuple[I64, U8]:
    """Return which rows, of all or of those ``among``, are in a window, and the shortest that each is in: 0, 1 or 2."""
    day, week, month = (times > at_us - days * US_PER_DAY for days in WINDOW_DAYS)
    month &= times <= at_us
    if among is not None:
        month &= among
    inside = np.flatnonzero(month)
    return inside, 2 - day[inside].astype(np.uint8) - week[inside]


def _widen(sums: F64) -> None:
    """Add each window's sums, (count, 3), to those of the longer ones, in which it lies."""
    sums[:, 1] += sums[:, 0]
    sums[:, 2] += sums[:, 1]


def card_rows(sums: F64, computed_us: int) -> tuple[F32, I64]:
    """Return rows of CARD_COLUMNS, float32 (n, 8), and their ``computed_us``, int64 (n,).

    A card without a transaction in 30 days has a row of NaN and MISSING_AT.

    Args:
        sums: float64 (n, 9), as `fill_cards` leaves them.
        computed_us: of the table.
    """
    count, cents, place = (sums[:, group] for group in (CARD_COUNT, CARD_CENTS, CARD_PLACE))
    rows = np.empty((len(sums), len(CARD_COLUMNS)), dtype=np.float32)
    rows[:, 0:3] = count
    rows[:, 3:6] = _ratio(cents, count * 100.0)
    flat = np.hypot(place[:, 0], place[:, 1])
    placed = (flat > 0) | (place[:, 2] != 0)
    rows[:, 6] = np.where(placed, np.degrees(np.arctan2(place[:, 2], flat)), np.nan)
    rows[:, 7] = np.where(placed, np.degrees(np.arctan2(place[:, 1], place[:, 0])), np.nan)
    present = count[:, -1] > 0
    rows[~present] = np.nan
    return rows, np.where(present, computed_us, MISSING_AT)


def merchant_rows(sums: F64, categories: F64, of_merchant: I64, computed_us: int) -> tuple[F32, I64]:
    """Return rows of MERCHANT_COLUMNS, float32 (m, 7), and their ``computed_us``, int64 (m,).

    A merchant with neither transaction nor label in 30 days has a row of NaN and MISSING_AT.

    Args:
        sums: float64 (m, 9), as in `BatchSums.merchants`.
        categories: as in `BatchSums.categories`.
        of_merchant: category code of each merchant, int64 (m,).
        computed_us: of the table.
    """
    count, labels, frauds = (sums[:, group] for group in (MERCHANT_COUNT, MERCHANT_LABELS, MERCHANT_FRAUDS))
    risk = np.full(NO_CATEGORY + 1, np.nan)
    risk[: len(categories)] = _ratio(categories[:, CATEGORY_FRAUDS], categories[:, CATEGORY_LABELS])
    rows = np.empty((len(sums), len(MERCHANT_COLUMNS)), dtype=np.float32)
    rows[:, 0:3] = count
    rows[:, 3:6] = _ratio(frauds, labels)
    rows[:, 6] = risk[of_merchant]
    present = (count[:, -1] > 0) | (labels[:, -1] > 0)
    rows[~present] = np.nan
    return rows, np.where(present, computed_us, MISSING_AT)


def _ratio(part: F64, whole: F64) -> F64:
    """Return ``part / whole``, NaN where the whole is 0."""
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
