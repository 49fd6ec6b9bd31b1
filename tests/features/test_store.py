"""The in-memory feature store."""

import asyncio

import numpy as np

from actors.contracts.feature_store import AT_US, FeatureStoreContract, table
from actors.features.store import MISSING_AT, BatchTable, FeatureStore, InMemoryFeatureStore


class TestInMemoryFeatureStore(FeatureStoreContract):
    """The in-memory adapter keeps the laws of the port."""

    async def serving(self, *tables: BatchTable) -> FeatureStore:
        store = InMemoryFeatureStore()
        for each in tables:
            await store.publish(each)
        return store


def test_the_age_of_the_table_is_known() -> None:
    """The newest instant is that of the table, and MISSING_AT before the first."""
    store = InMemoryFeatureStore()
    assert store.newest_computed_us() == MISSING_AT
    asyncio.run(store.publish(table(AT_US, ["a"], ["x"])))
    assert store.newest_computed_us() == AT_US


def test_a_name_newer_than_the_table_is_missing() -> None:
    """Names that history gave codes to after the build have no row in the table, though they share its codes."""
    published = table(AT_US, ["a"], ["x"])
    published.cards.codes.of(["later", "much later"])
    store = InMemoryFeatureStore(published)
    rows = store.rows(["a", "later", "much later"], ["x"] * 3)
    assert rows.card_computed_us.tolist() == [AT_US, MISSING_AT, MISSING_AT]
    assert np.isnan(rows.card[1:]).all()
    for at, name in enumerate(["a", "later", "much later"]):  # one name takes a road of its own
        alone = store.rows([name], ["x"])
        np.testing.assert_array_equal(alone.card[0], rows.card[at])
        assert alone.card_computed_us[0] == rows.card_computed_us[at]


def test_present_names_are_those_with_a_row() -> None:
    """What an adapter would write elsewhere is every name with a row, and no other."""
    published = table(AT_US, ["a", "b", "c"], ["x"])
    published.cards.computed_us[1] = MISSING_AT
    assert published.cards.present() == {"a": 0, "c": 2}
