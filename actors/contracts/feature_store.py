"""Laws of the `FeatureStore` port, of those that batch tables are published to."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.testing import assert_array_equal

from actors.contracts.contract import PortContract, failure
from actors.core.errors import FeatureStoreError
from actors.features.encoding import Interner
from actors.features.store import (
    CARD_COLUMNS,
    MERCHANT_COLUMNS,
    MISSING_AT,
    BatchTable,
    FeatureStore,
    StoreRows,
    TableSide,
)

AT_US = 1_770_000_000_000_000


class FeatureStoreContract(PortContract, ABC):
    """Wherever rows are kept, a look-up has those of the newest table, and what is absent is missing, never zero."""

    @abstractmethod
    async def serving(self, *tables: BatchTable) -> FeatureStore:
        """Return a store to which ``tables`` were published one after the other."""

    async def broken(self) -> FeatureStore | None:
        """Return a store whose server is gone; None if there is nothing that could go."""
        return None

    def look_up(self, tables: Sequence[BatchTable], cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:
        """Return what a store answers that ``tables`` were published to, oldest first."""

        async def law() -> StoreRows:
            return await _lookup(await self.serving(*tables), cards, merchants)

        return self.run(law())

    def test_rows_come_in_the_order_asked(self) -> None:
        """Each row is that of its card and merchant, to the bit, repeated names included."""
        published = table(AT_US, ["a", "b", "c"], ["x", "y"])
        rows = self.look_up([published], ["c", "a", "c", "b"], ["y", "y", "x", "y"])
        assert_array_equal(rows.card, published.cards.rows[[2, 0, 2, 1]])
        assert_array_equal(rows.merchant, published.merchants.rows[[1, 1, 0, 1]])
        assert_array_equal(rows.card_computed_us, [AT_US] * 4)
        assert_array_equal(rows.merchant_computed_us, [AT_US] * 4)

    def test_types_and_shapes_are_those_of_the_port(self) -> None:
        """Rows are float32 and instants int64, one row a transaction, also for a single one."""
        rows = self.look_up([table(AT_US, ["a"], ["x"])], ["a"], ["x"])
        arrays = (rows.card, rows.merchant, rows.card_computed_us, rows.merchant_computed_us)
        assert [array.shape for array in arrays] == [(1, len(CARD_COLUMNS)), (1, len(MERCHANT_COLUMNS)), (1,), (1,)]
        assert [array.dtype.name for array in arrays] == ["float32", "float32", "int64", "int64"]

    def test_an_unknown_name_is_missing_and_never_zero(self) -> None:
        """A card or merchant without a row is all NaN with MISSING_AT, whatever the other side has."""
        rows = self.look_up([table(AT_US, ["a"], ["x"])], ["a", "é-日"], ["nowhere", "x"])
        assert_array_equal(rows.card_computed_us, [AT_US, MISSING_AT])
        assert_array_equal(rows.merchant_computed_us, [MISSING_AT, AT_US])
        assert np.isnan(rows.card[1]).all()
        assert np.isnan(rows.merchant[0]).all()

    def test_a_missing_value_stays_missing(self) -> None:
        """NaN inside a row comes back as NaN beside the values of the row."""
        rows = self.look_up([table(AT_US, ["a"], ["x"], base=7)], ["a"], ["x"])
        assert np.isnan(rows.card[0, 3])
        assert rows.card[0, 0] == 7

    def test_the_newest_table_is_served_whole(self) -> None:
        """After a second table nothing of the first is served, not even for names that only the first had."""
        older, newer = table(AT_US - 1, ["a", "b"], ["x"], base=1), table(AT_US, ["a"], ["x", "y"], base=2)
        rows = self.look_up([older, newer], ["a", "b"], ["x", "y"])
        assert_array_equal(rows.card[0], newer.cards.rows[0])
        assert_array_equal(rows.card_computed_us, [AT_US, MISSING_AT])
        assert_array_equal(rows.merchant, newer.merchants.rows[:2])

    def test_an_empty_store_has_nothing(self) -> None:
        """Before the first table every row is missing, and nothing raises."""
        rows = self.look_up([], ["a", "b"], ["x", "y"])
        assert np.isnan(rows.card).all()
        assert np.isnan(rows.merchant).all()
        assert_array_equal(rows.card_computed_us, [MISSING_AT] * 2)
        assert_array_equal(rows.merchant_computed_us, [MISSING_AT] * 2)

    def test_many_names_at_once_are_looked_up(self) -> None:
        """A thousand transactions in one call get their own rows."""
        cards = [f"card-{number}" for number in range(700)]
        published = table(AT_US, cards, ["x"])
        rows = self.look_up([published], [*cards, *cards[:300]], ["x"] * 1_000)
        assert_array_equal(rows.card, published.cards.rows[[*range(700), *range(300)]])

    def test_a_server_that_is_gone_is_a_feature_store_error(self) -> None:
        """No error of a client goes on to the assembler, which would crash, and nothing passes for rows."""

        async def law() -> None:
            store = await self.broken()
            if store is not None:
                assert str(await failure(_lookup(store, ["a"], ["x"]), FeatureStoreError))

        self.run(law())


def table(at_us: int, cards: Sequence[str], merchants: Sequence[str], base: float = 0.0) -> BatchTable:
    """Return a table in which row i of column j holds base + 100 i + j; one in five values is missing."""
    return BatchTable(
        at_us, _side(at_us, cards, len(CARD_COLUMNS), base), _side(at_us, merchants, len(MERCHANT_COLUMNS), base)
    )


def _side(at_us: int, names: Sequence[str], width: int, base: float) -> TableSide:
    rows = (base + 100.0 * np.arange(len(names) + 1)[:, None] + np.arange(width)).astype(np.float32)
    rows[:, 3::5] = np.nan
    rows[-1] = np.nan
    computed_us = np.full(len(names) + 1, at_us, dtype=np.int64)
    computed_us[-1] = MISSING_AT
    return TableSide(Interner(names), rows, computed_us)


async def _lookup(store: FeatureStore, cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:
    return await store.lookup(cards, merchants, np.full(len(cards), AT_US, dtype=np.int64))
