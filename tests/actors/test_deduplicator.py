"""Laws of the memory of ids."""

from hypothesis import given
from hypothesis import strategies as st

from actors.assembler import Deduplicator

BATCHES = st.lists(st.lists(st.integers(0, 30).map(str), max_size=8), max_size=30)


@given(batches=BATCHES)
def test_an_id_is_fresh_once(batches: list[list[str]]) -> None:
    """Within the limit, of all equal ids exactly the first is fresh, in the same batch or a later one."""
    memory, seen = Deduplicator(limit=1_000), set()
    for batch in batches:
        fresh = memory.fresh(batch)
        for name, new in zip(batch, fresh.tolist(), strict=True):
            assert new == (name not in seen)
            seen.add(name)
        memory.remember([name for name, new in zip(batch, fresh.tolist(), strict=True) if new])


@given(batches=BATCHES, limit=st.integers(1, 20))
def test_the_last_ids_are_remembered_and_the_memory_is_bounded(batches: list[list[str]], limit: int) -> None:
    """The last ``limit`` ids are known, and no other."""
    memory, order = Deduplicator(limit), []
    for batch in batches:
        new = [name for name, fresh in zip(batch, memory.fresh(batch).tolist(), strict=True) if fresh]
        memory.remember(new)
        order += new
        assert not memory.fresh(order[-limit:]).any()
        assert len(memory) == min(limit, len(order))


def test_asking_remembers_nothing() -> None:
    """A batch that is asked about again after a crash is as fresh as it was."""
    memory = Deduplicator(limit=1_000)
    assert memory.fresh(["a", "a", "b"]).tolist() == [True, False, True]
    assert memory.fresh(["a", "a", "b"]).tolist() == [True, False, True]
