"""The batch tier: a table of features for every card and merchant, computed from history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from actors.arrays import F32, F64, Bool
from actors.features.categories import NO_CATEGORY
from actors.features.history import History, HistoryView
from actors.features.tally import (
    CARD_CENTS,
    CARD_COUNT,
    CARD_PLACE,
    CATEGORY_FRAUDS,
    CATEGORY_LABELS,
    MERCHANT_COUNT,
    MERCHANT_FRAUDS,
    MERCHANT_LABELS,
    Tally,
    fill,
)
from actors.features.towns import Town

CARD_COLUMNS = (
    "card_tx_1d",
    "card_tx_7d",
    "card_tx_30d",
    "card_amount_mean_1d",
    "card_amount_mean_7d",
    "card_amount_mean_30d",
    "home_lat",
    "home_lon",
)
MERCHANT_COLUMNS = (
    "merchant_tx_1d",
    "merchant_tx_7d",
    "merchant_tx_30d",
    "merchant_risk_1d",
    "merchant_risk_7d",
    "merchant_risk_30d",
    "category_risk_30d",
)
_KEPT_TALLIES = 8  # distinct (time, history) sums kept for towns; two or three are in use at a time


@dataclass(frozen=True, slots=True)
class BatchTable:
    """Batch features at one instant. Never changed once built.

    Attributes:
        computed_us: event time it was computed for.
        cards: token → row; a row number beyond the last row is a card the table does not have.
        card_rows: float32 (n + 1, len(CARD_COLUMNS)); the last row is NaN and stands for every absent card.
        card_present: bool (n + 1,), False where a card had no transaction in 30 days; the last is False.
        merchants: name → row, the same way.
        merchant_rows: float32 (m + 1, len(MERCHANT_COLUMNS)).
        merchant_present: bool (m + 1,), False where a merchant had neither transaction nor label.
    """

    computed_us: int
    cards: Mapping[str, int]
    card_rows: F32
    card_present: Bool
    merchants: Mapping[str, int]
    merchant_rows: F32
    merchant_present: Bool


@dataclass(frozen=True, slots=True)
class Copies:
    """The past that a run's towns share.

    Attributes:
        base: history of town 0 up to the run's start; not appended to any more.
        towns: the other towns.
    """

    base: History
    towns: tuple[Town, ...] = ()


class BatchTableBuilder:
    """Computes tables from history; the same history and instant give the same table.

    Args:
        history: what is appended to while running. With ``copies`` it must be empty now; it gets all towns' names.
        label_delay_us: how long labels take; the windows of risks end that much before the table's instant.
        copies: the past of the towns; None if ``history`` holds the past itself.
    """

    def __init__(self, history: History, label_delay_us: int, copies: Copies | None = None) -> None:
        self.history = history
        self.label_delay_us = label_delay_us
        self._copies = copies
        self._tallies: dict[int, Tally] = {}
        if copies is not None:
            _take_names(history, copies)

    def build(self, at_us: int) -> BatchTable:
        """Return the table at ``at_us``: what was known then and nothing later."""
        *_, table = self.pieces(at_us)
        if table is None:
            raise AssertionError("the last piece is the table")
        return table

    def pieces(self, at_us: int) -> Iterator[BatchTable | None]:
        """Build the table in steps of a few milliseconds, so that other threads get the interpreter in between.

        History is read as it is at the call; steps may run in another thread.

        Returns:
            An iterator of None for each step and the table at last.
        """
        return self._pieces(self.history.view(), at_us)

    def _pieces(self, view: HistoryView, at_us: int) -> Iterator[BatchTable | None]:
        tally = Tally.empty(view.card_count, view.merchant_count)
        for _ in fill(tally, view, at_us, self.label_delay_us):
            yield None
        if self._copies is not None:
            for shift_us in self._shifts(self._copies):
                for _ in self._remember(self._copies, at_us - shift_us):
                    yield None
            self._add_copies(tally, self._copies, at_us)
            yield None
        card_rows, card_present = _card_rows(tally)
        yield None
        merchant_rows, merchant_present = _merchant_rows(tally)
        yield BatchTable(at_us, view.cards, card_rows, card_present, view.merchants, merchant_rows, merchant_present)

    def _shifts(self, copies: Copies) -> Sequence[int]:
        return sorted({0, *(town.grid_shift_us for town in copies.towns)})

    def _remember(self, copies: Copies, at_us: int) -> Iterator[None]:
        """Have the base's tally at ``at_us`` at hand."""
        if at_us in self._tallies:
            return
        view = copies.base.view()
        tally = Tally.empty(view.card_count, view.merchant_count)
        yield from fill(tally, view, at_us, self.label_delay_us)
        while len(self._tallies) >= max(_KEPT_TALLIES, len(self._shifts(copies))):
            del self._tallies[min(self._tallies)]
        self._tallies[at_us] = tally

    def _add_copies(self, tally: Tally, copies: Copies, at_us: int) -> None:
        card_count, merchant_count = len(copies.base.cards), len(copies.base.merchants)
        for block, town in enumerate((Town(0), *copies.towns)):
            past = self._tallies[at_us - town.grid_shift_us]
            tally.cards[block * card_count : (block + 1) * card_count] += past.cards
            merchants = slice(block * merchant_count, (block + 1) * merchant_count)
            tally.merchants[merchants] += past.merchants
            tally.categories += past.categories
            known = tally.merchant_category[merchants]
            known[known == NO_CATEGORY] = past.merchant_category[known == NO_CATEGORY]


def _take_names(history: History, copies: Copies) -> None:
    """Give the names of all towns their codes, town by town, so that a town is a block of rows."""
    if len(history.cards) or len(history.merchants):
        raise ValueError("the history of a run with towns must be empty at its start")
    cards, merchants = copies.base.cards.names, copies.base.merchants.names
    for town in (Town(0), *copies.towns):
        history.cards.of(town.rename(cards))
        history.merchants.of(town.rename(merchants))
    expected = (len(copies.towns) + 1) * len(cards), (len(copies.towns) + 1) * len(merchants)
    if (len(history.cards), len(history.merchants)) != expected:
        raise ValueError("names in the base history must be of town 0, and town numbers distinct")


def _card_rows(tally: Tally) -> tuple[F32, Bool]:
    count, cents, place = (tally.cards[:, group] for group in (CARD_COUNT, CARD_CENTS, CARD_PLACE))
    rows = np.full((len(count) + 1, len(CARD_COLUMNS)), np.nan, dtype=np.float32)
    present = np.append(count[:, -1] > 0, False)
    rows[:-1, 0:3] = count
    rows[:-1, 3:6] = _ratio(cents, count * 100.0)
    flat = np.hypot(place[:, 0], place[:, 1])
    placed = (flat > 0) | (place[:, 2] != 0)
    rows[:-1, 6] = np.where(placed, np.degrees(np.arctan2(place[:, 2], flat)), np.nan)
    rows[:-1, 7] = np.where(placed, np.degrees(np.arctan2(place[:, 1], place[:, 0])), np.nan)
    rows[~present] = np.nan
    return rows, present


def _merchant_rows(tally: Tally) -> tuple[F32, Bool]:
    count, labels, frauds = (tally.merchants[:, group] for group in (MERCHANT_COUNT, MERCHANT_LABELS, MERCHANT_FRAUDS))
    rows = np.full((len(count) + 1, len(MERCHANT_COLUMNS)), np.nan, dtype=np.float32)
    present = np.append((count[:, -1] > 0) | (labels[:, -1] > 0), False)
    rows[:-1, 0:3] = count
    rows[:-1, 3:6] = _ratio(frauds, labels)
    rows[:-1, 6] = _category_risk(tally)[tally.merchant_category]
    rows[~present] = np.nan
    return rows, present


def _category_risk(tally: Tally) -> F64:
    """Return the risk of each category code; NaN at NO_CATEGORY."""
    risk = np.full(NO_CATEGORY + 1, np.nan)
    labels, frauds = tally.categories[:, CATEGORY_LABELS], tally.categories[:, CATEGORY_FRAUDS]
    risk[: len(labels)] = _ratio(frauds, labels)
    return risk


def _ratio(part: F64, whole: F64) -> F64:
    """Return ``part / whole``, NaN where the whole is 0."""
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
