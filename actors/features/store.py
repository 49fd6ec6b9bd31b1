"""The port to the feature store, the table it serves, and its in-memory adapter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from actors.core.arrays import F32, I32, I64
from actors.features.encoding import Interner

MISSING_AT = -1

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


@dataclass(eq=False, slots=True)
class StoreRows:
    """What the store has on some transactions' cards and merchants, row by row; not to be changed.

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

    def fits(self, count: int) -> bool:
        """Return whether these are the rows of ``count`` transactions: whoever reads them checks no bounds."""
        return (
            self.card.shape == (count, len(CARD_COLUMNS))
            and self.merchant.shape == (count, len(MERCHANT_COLUMNS))
            and self.card_computed_us.shape == self.merchant_computed_us.shape == (count,)
        )


class FeatureStore(Protocol):
    """Where batch features are looked up."""

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Return the rows of ``cards`` and ``merchants``, each of length n, as they are stored now.

        Called once a batch. ``event_us`` (n,) tells adapters that follow event time how far it has come.

        Raises:
            FeatureStoreError: the look-up failed; the batch tier of all n is then missing.
        """
        ...


@dataclass(frozen=True, slots=True)
class TableSide:
    """The rows of one kind of entity.

    Attributes:
        codes: number of each name; one beyond the last is of an entity newer than the table.
        rows: float32 (m + 1, columns); the last row is NaN and stands for all that are absent.
        computed_us: int64 (m + 1,); MISSING_AT where there was nothing to compute from, and in the last row.
        row_of: int32 (n + 1,), the row of each number, the last one that of absent entities; entities may share a row.
            None: the number is the row.
    """

    codes: Interner
    rows: F32
    computed_us: I64
    row_of: I32 | None = None

    def take(self, names: Sequence[str]) -> tuple[F32, I64]:
        """Return the rows of ``names`` and what event time they were computed for; not to be written to."""
        last = len(self.rows if self.row_of is None else self.row_of) - 1
        if len(names) == 1:  # a slice costs a third of what an array of one does
            row = min(self.codes.code(names[0]), last)
            row = (row if self.row_of is None else self.row_of.item(row)) % len(self.rows)
            return self.rows[row : row + 1], self.computed_us[row : row + 1]
        found = np.minimum(self.codes.find(names), last)  # -1 is the last one too
        if self.row_of is not None:
            found = self.row_of.take(found)
        return self.rows.take(found, axis=0), self.computed_us.take(found)

    def present(self) -> dict[str, int]:
        """Return the names that have a row, with its number; for adapters that write the table elsewhere."""
        rows = np.arange(len(self.rows) - 1) if self.row_of is None else self.row_of[:-1]
        known = self.computed_us[rows] != MISSING_AT
        named = zip(self.codes.names, rows.tolist(), known.tolist(), strict=False)
        return {name: row for name, row, there in named if there}


@dataclass(frozen=True, slots=True)
class BatchTable:
    """Batch features at one instant. Never changed once built.

    Attributes:
        computed_us: event time it was computed for.
        cards: rows of CARD_COLUMNS.
        merchants: rows of MERCHANT_COLUMNS.
    """

    computed_us: int
    cards: TableSide
    merchants: TableSide


class InMemoryFeatureStore:
    """A feature store in this process: one table, replaced as a whole.

    A refresh builds its table aside and `publish` swaps it in one assignment, so a look-up sees the old one or the new
    one and never a mixture.
    """

    def __init__(self, table: BatchTable | None = None) -> None:
        self.table = table

    async def publish(self, table: BatchTable) -> None:
        """Serve ``table`` from the next look-up on, at once."""
        self.table = table

    def newest_computed_us(self) -> int:
        """Return the event time the table was computed for, MISSING_AT before the first."""
        return MISSING_AT if self.table is None else self.table.computed_us

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:  # noqa: ARG002 - the port's signature
        """Return the rows at once; never raises and never waits."""
        return self.rows(cards, merchants)

    def rows(self, cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:
        """Return what `lookup` returns, for callers that are not coroutines."""
        table = self.table
        if table is None:
            return missing_rows(len(cards))
        return StoreRows(*table.cards.take(cards), *table.merchants.take(merchants))


def missing_rows(count: int) -> StoreRows:
    """Return what a store answers that has none of ``count`` cards and merchants."""
    return StoreRows(
        np.full((count, len(CARD_COLUMNS)), np.nan, dtype=np.float32),
        np.full(count, MISSING_AT, dtype=np.int64),
        np.full((count, len(MERCHANT_COLUMNS)), np.nan, dtype=np.float32),
        np.full(count, MISSING_AT, dtype=np.int64),
    )
