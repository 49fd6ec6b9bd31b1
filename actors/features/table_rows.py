"""Rows of the batch table from the sums they consist of."""

import numpy as np

from actors.arrays import F32, F64, I64
from actors.features.categories import NO_CATEGORY
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS, MISSING_AT
from actors.features.tally import (
    CARD_CENTS,
    CARD_COUNT,
    CARD_PLACE,
    CATEGORY_FRAUDS,
    CATEGORY_LABELS,
    MERCHANT_COUNT,
    MERCHANT_FRAUDS,
    MERCHANT_LABELS,
)


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
        sums: float64 (m, 9), as in `Tally.merchants`.
        categories: as in `Tally.categories`.
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
