"""Laws of the memory of ids."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.contracts.contract import transaction
from actors.contracts.remembered_ids import RememberedIdsContract
from actors.core.arrays import Bool
from actors.core.transaction import Columns, pick, read
from actors.remembered_ids import Deduplicator

BATCHES = st.lists(st.lists(st.integers(0, 30).map(str), min_size=1, max_size=8), max_size=30)


class TestDeduplicator(RememberedIdsContract):
    """The memory in this process."""

    async def empty(self) -> Deduplicator:
        return Deduplicator(limit=1_000)


@given(batches=BATCHES)
def test_an_id_is_fresh_once(batches: list[list[str]]) -> None:
    """Within the limit, of all equal ids exactly the first is fresh, in the same batch or a later one."""
    memory, seen = Deduplicator(limit=1_000), set()
    for batch in batches:
        fresh = _fresh(memory, batch)
        for name, new in zip(batch, fresh.tolist(), strict=True):
            assert new == (name not in seen)
            seen.add(name)
        _remember(memory, [name for name, new in zip(batch, fresh.tolist(), strict=True) if new])


@given(batches=BATCHES, limit=st.integers(1, 20))
def test_the_last_ids_are_remembered_and_the_memory_is_bounded(batches: list[list[str]], limit: int) -> None:
    """The last ``limit`` ids are known, and no other."""
    memory, order = Deduplicator(limit), []
    for batch in batches:
        new = [name for name, fresh in zip(batch, _fresh(memory, batch).tolist(), strict=True) if fresh]
        _remember(memory, new)
        order += new
        assert not order or not _fresh(memory, order[-limit:]).any()
        assert len(memory) == min(limit, len(order))


def _columns(ids: list[str]) -> Columns:
    return read([transaction(number, id=name) for number, name in enumerate(ids)])


def _fresh(memory: Deduplicator, ids: list[str]) -> Bool:
    mask = memory.fresh(np.arange(len(ids)), _columns(ids)).value
    return np.ones(len(ids), dtype=np.bool_) if mask is None else mask


def _remember(memory: Deduplicator, ids: list[str]) -> None:
    if ids:
        memory.remember(np.arange(len(ids)), pick(_columns(ids), np.arange(len(ids))))
