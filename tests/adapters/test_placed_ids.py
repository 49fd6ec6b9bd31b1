"""Laws of a memory of ids that knows where each transaction of a stream lies."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.placed_ids import PlacedIds
from actors.core.arrays import I64
from actors.core.transaction import Columns, read
from tests.support.actors.pipeline import transaction


@dataclass
class Handed:
    """Rows of a partition that are handed out, again and again under new numbers."""

    partition: int = 0
    offsets: list[int] = field(default_factory=list)

    def hand_out(self, offsets: list[int]) -> I64:
        """Return the numbers that rows at ``offsets`` get."""
        first = len(self.offsets)
        self.offsets += offsets
        return np.arange(first, len(self.offsets))

    def of(self, numbers: I64) -> tuple[I64, I64]:
        offsets = np.array(self.offsets, dtype=np.int64)[numbers]
        return np.full_like(offsets, self.partition), offsets

    def first(self, partition: int) -> int:
        return partition

    def committed(self, partition: int) -> int:
        return partition

    def assignment(self, partition: int) -> int:
        return partition

    def behind(self, partition: int, next_offset: int) -> None: ...

    def stale(self, partition: int, next_offset: int) -> None: ...


def columns(ids: list[int]) -> Columns:
    """Return transactions of ``ids``."""
    return read([transaction(each) for each in ids])


def ask(memory: PlacedIds, numbers: I64, asked: Columns) -> list[bool]:
    """Return which are new."""
    fresh = memory.fresh(numbers, asked).value
    return [True] * len(asked) if fresh is None else fresh.tolist()


IDS = st.lists(st.integers(0, 9), min_size=1, max_size=30)


@given(ids=IDS, cuts=st.lists(st.integers(1, 7), min_size=30, max_size=30), again=st.integers(0, 29))
def test_what_is_played_again_is_no_repetition_of_itself(ids: list[int], cuts: list[int], again: int) -> None:
    """However a stream is cut and from wherever it is played again, the first of equal ids is new, and no other."""
    rows, expected = Handed(), [ids.index(each) == at for at, each in enumerate(ids)]
    memory = PlacedIds(1_000, rows)
    for start in (0, min(again, len(ids) - 1)):
        at = start
        for cut in cuts:
            part = list(range(at, min(at + cut, len(ids))))
            if not part:
                break
            numbers, asked = rows.hand_out(part), columns([ids[each] for each in part])
            fresh = ask(memory, numbers, asked)
            assert fresh == [expected[each] for each in part]
            new = [place for place, is_new in zip(part, fresh, strict=True) if is_new]
            if new:
                memory.remember(numbers[np.array(fresh)], columns([ids[each] for each in new]))
            at += cut


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    """Beyond the limit an id that comes again is new."""
    rows = Handed()
    memory = PlacedIds(3, rows)
    for at in range(5):
        memory.remember(rows.hand_out([at]), columns([at]))
    assert len(memory) == 3
    assert ask(memory, rows.hand_out([10, 11, 12]), columns([1, 2, 4])) == [True, False, False]


def test_workers_that_share_partitions_remember_the_limit_between_them() -> None:
    """Of each partition as much, whoever has it; an id is known whatever partition it lay in."""
    rows = Handed()
    memory = PlacedIds(8, rows, partition_count=4)
    for at in range(10):
        rows.partition = at % 2
        memory.remember(rows.hand_out([at]), columns([at]))
    assert len(memory) == 4
    assert ask(memory, rows.hand_out([10, 11, 12, 13]), columns([5, 6, 7, 9])) == [True, False, False, False]
