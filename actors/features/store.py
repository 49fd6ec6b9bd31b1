"""The port to the feature store, and its in-memory adapter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from actors.arrays import F32, I64, Bool
from actors.features.batch import CARD_COLUMNS, MERCHANT_COLUMNS, BatchTable

MISSING_AT = -1


@dataclass(frozen=True, slots=True)
class StoreRows:
    """What the store has on some transactions' cards and merchants, row by row.

    Attributes:
        card: float32 (n, len(CARD_COLUMNS)); NaN where the store has no row.
        card_computed_us: int64 (n,), event time the row was computed for; MISSING_AT where there is none.
        merchant: float32 (n, len(MERCHANT_COLUMNS)), the same way.
        merchant_computed_us: int64 (n,).
    """

    card: F32
    card_computed_us: I64
    merchant: F32
    merchant_computed_us: I64


class FeatureStore(Protocol):
    """Where batch features are looked up."""

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Return the rows of ``cards`` and ``merchants``, each of length n, as they are stored now.

        Called once a batch. ``event_us`` (n,) tells adapters that follow event time how far it has come.

        Raises:
            FeatureStoreError: the look-up failed; the batch tier of all n is then missing.
        """
        ...


class InMemoryFeatureStore:
    """A feature store in this process: one table, replaced as a whole.

    A refresh builds its table aside and `publish` swaps it in one assignment, so a look-up sees the old one or the new
    one and never a mixture.
    """

    def __init__(self, table: BatchTable | None = None) -> None:
        self._table = table

    def publish(self, table: BatchTable) -> None:
        """Serve ``table`` from the next look-up on."""
        self._table = table

    def newest_computed_us(self) -> int:
        """Return the event time the table was computed for, MISSING_AT before the first."""
        return MISSING_AT if self._table is None else self._table.computed_us

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:  # noqa: ARG002 - the port's signature
        """Return the rows at once; never raises and never waits."""
        return self.rows(cards, merchants)

    def rows(self, cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:
        """Return what `lookup` returns, for callers that are not coroutines."""
        table = self._table
        if table is None:
            return missing_rows(len(cards))
        card, card_us = _take(cards, table.cards, table.card_rows, table.card_present, table.computed_us)
        merchant, merchant_us = _take(
            merchants, table.merchants, table.merchant_rows, table.merchant_present, table.computed_us
        )
        return StoreRows(card, card_us, merchant, merchant_us)


def missing_rows(count: int) -> StoreRows:
    """Return rows of a store that has none of them."""
    return StoreRows(
        np.full((count, len(CARD_COLUMNS)), np.nan, dtype=np.float32),
        np.full(count, MISSING_AT, dtype=np.int64),
        np.full((count, len(MERCHANT_COLUMNS)), np.nan, dtype=np.float32),
        np.full(count, MISSING_AT, dtype=np.int64),
    )


def _take(
    names: Sequence[str], places: Mapping[str, int], rows: F32, present: Bool, computed_us: int
) -> tuple[F32, I64]:
    absent = len(rows) - 1
    get = places.get
    found = np.array([get(name, absent) for name in names], dtype=np.int64)
    taken = rows.take(found, axis=0, mode="clip")  # a name newer than the table clips to the absent row
    known = present.take(found, mode="clip")
    return taken, np.where(known, computed_us, MISSING_AT)
