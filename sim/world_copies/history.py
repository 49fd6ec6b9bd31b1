"""The sums over history that copies share: computed once for all copies of one shift."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F32, F64, I32, I64, Bool
from actors.features.batch_sums import BatchSums, card_rows, fill, fill_cards, merchant_rows, no_cards
from actors.features.batch_table import SharedRows
from actors.features.encoding import NO_CATEGORY
from actors.features.history import History
from actors.features.store import MISSING_AT
from sim.world_copies.names import Copy, CopyNames

_KEPT = 8  # sums at distinct times; two or three are in use, and the next refresh uses some of them again


@dataclass(frozen=True, slots=True)
class _Past:
    """History at one instant: sums of cards and merchants, and the rows of cards that they make."""

    cards: F64
    totals: BatchSums
    rows: F32
    present: Bool


class CopiedSums:
    """Adds the copies' past to what a run has seen itself.

    A copy of shift s has at time t the past that copy 0 had at t − s, with s rounded to whole refreshes.

    Args:
        base: history of copy 0 up to the run's start; not appended to any more.
        copies: all of them, copy 0 the first.
        label_delay_us: how long labels take.

    Attributes:
        cards: the names of all copies' cards, a block of numbers for each copy.
        merchants: the same way.

    Raises:
        ValueError: a copy is given twice, or a name in the past is not of copy 0.
    """

    def __init__(self, base: History, copies: Sequence[Copy], label_delay_us: int) -> None:
        self._base = base
        self.cards = CopyNames(base.cards.names, copies)
        self.merchants = CopyNames(base.merchants.names, copies)
        self._shifts = np.array([copy.grid_shift_us for copy in copies], dtype=np.int64)
        self._distinct_shifts: list[int] = sorted(set(self._shifts.tolist()))
        self._label_delay_us = label_delay_us
        self._pasts: dict[int, _Past] = {}

    def fill(self, categories: F64, at_us: int) -> Iterator[None]:
        """Compute the pasts that the copies have at an instant, and add their sums of categories.

        Args:
            categories: as in `BatchSums`; changed.
            at_us: the table's instant.
        """
        for shift_us in self._distinct_shifts:
            yield from self._compute(at_us - shift_us)
        for shift_us in self._shifts.tolist():
            categories += self._pasts[at_us - shift_us].totals.categories

    def card_rows(self, at_us: int) -> SharedRows:
        """Return the rows of all copies' cards, once `fill` is over: one block of rows for each distinct shift."""
        pasts = self._pasts_at(at_us)
        made = [(past.rows, np.where(past.present, at_us, MISSING_AT)) for past in pasts]
        return self._blocks(len(self._base.cards), made)

    def merchant_rows(self, categories: F64, at_us: int) -> SharedRows:
        """Return the rows of all copies' merchants, as `card_rows` does.

        Args:
            categories: sums of all there is, in the run as before it.
            at_us: the table's instant.
        """
        totals = (past.totals for past in self._pasts_at(at_us))
        made = [merchant_rows(each.merchants, categories, each.merchant_category, at_us) for each in totals]
        return self._blocks(len(self._base.merchants), made)

    def add_to_cards(self, sums: F64, codes: I64, at_us: int) -> None:
        """Add their past to the sums of some cards, once `fill` is over.

        Args:
            sums: as `fill_cards` leaves them; changed.
            codes: of the cards, ascending.
            at_us: the table's instant.
        """
        for chosen, places, past in self._chosen(codes, len(self._base.cards), at_us):
            sums[chosen] += past.cards[places]

    def add_to_merchants(self, totals: BatchSums, codes: I64, at_us: int) -> None:
        """Add their past to the sums of some merchants, not to those of categories, as `add_to_cards` does."""
        for chosen, places, past in self._chosen(codes, len(self._base.merchants), at_us):
            totals.merchants[chosen] += past.totals.merchants[places]
            category = totals.merchant_category[chosen]
            totals.merchant_category[chosen] = np.where(
                category == NO_CATEGORY, past.totals.merchant_category[places], category
            )

    def _pasts_at(self, at_us: int) -> Iterator[_Past]:
        return (self._pasts[at_us - shift_us] for shift_us in self._distinct_shifts)

    def _blocks(self, size: int, made: Sequence[tuple[F32, I64]]) -> SharedRows:
        """Return the rows ``made`` for each distinct shift, and which of them each of ``size`` in each copy has."""
        first: I32 = (np.searchsorted(self._distinct_shifts, self._shifts) * size).astype(np.int32)
        row_of: I32 = np.add.outer(first, np.arange(size, dtype=np.int32)).ravel()
        return np.concatenate([rows for rows, _ in made]), np.concatenate([times for _, times in made]), row_of

    def _chosen(self, codes: I64, size: int, at_us: int) -> Iterator[tuple[I64, I64, _Past]]:
        """Yield for each distinct shift which of ``codes`` are of such copies, their places in copy 0, and its past."""
        own = codes[: np.searchsorted(codes, size * len(self._shifts))]  # the codes behind are of no copy
        shifts = self._shifts[own // max(1, size)]
        for shift_us, past in zip(self._distinct_shifts, self._pasts_at(at_us), strict=True):
            chosen = np.flatnonzero(shifts == shift_us)
            yield chosen, own[chosen] % max(1, size), past

    def _compute(self, at_us: int) -> Iterator[None]:
        """Compute copy 0's past at ``at_us``, unless it is kept from before."""
        if at_us in self._pasts:
            return
        view = self._base.view()
        cards, totals = no_cards(view.card_count), BatchSums.empty(view.merchant_count)
        yield from fill_cards(cards, view, at_us)
        yield from fill(totals, view, at_us, self._label_delay_us)
        rows, computed_us = card_rows(cards, at_us)
        while len(self._pasts) >= _KEPT + len(self._distinct_shifts):
            del self._pasts[min(self._pasts)]
        self._pasts[at_us] = _Past(cards, totals, rows, computed_us != MISSING_AT)
        yield
