"""Ids of a stream that one process remembers, each with its place, so that what is played again is no repetition."""

from itertools import islice

import numpy as np

from actors.adapters.positions import Positions
from actors.core.arrays import I64, Bool
from actors.core.awaiting import Completed
from actors.core.transaction import Columns
from actors.remembered_ids import ALL_FRESH


class PlacedIds:
    """Remembers in this process the last ids of a stream, each with the place where it lay first.

    What is handed out again because it was never committed has another number and the same place: it is no repetition
    of itself. Of each partition as many are remembered, so that workers that share a stream remember ``limit`` between
    them, about 112 bytes each, and not as many each.

    Args:
        limit: ids to remember, > 0, of all partitions together.
        positions: know where the transactions of a number lie.
        partition_count: of the stream.
    """

    def __init__(self, limit: int, positions: Positions, partition_count: int = 1) -> None:
        self._most = -(-limit // partition_count)
        self._positions = positions
        self._offsets: dict[int, dict[str, int]] = {}

    def __len__(self) -> int:
        """Return how many ids are remembered."""
        return sum(map(len, self._offsets.values()))

    def fresh(self, numbers: I64, columns: Columns) -> Completed[Bool | None]:
        """Return which transactions are new, at once; see `RememberedIds`."""
        ids = columns.ids
        if len(set(ids)) == len(ids) and all(each.keys().isdisjoint(ids) for each in self._offsets.values()):
            return ALL_FRESH
        here: dict[str, tuple[int, int]] = {}
        places = self._places_of(numbers)
        mask = [here.setdefault(name, self._known(name) or at) == at for name, at in zip(ids, places, strict=True)]
        return Completed(np.array(mask, dtype=np.bool_))

    def remember(self, numbers: I64, columns: Columns) -> None:
        """Remember ids with their places; forget the oldest beyond the limit."""
        for name, (partition, offset) in zip(columns.ids, self._places_of(numbers), strict=True):
            self._offsets.setdefault(partition, {}).setdefault(name, offset)
        for offsets in self._offsets.values():
            for name in list(islice(offsets, max(0, len(offsets) - self._most))):
                del offsets[name]

    def _known(self, name: str) -> tuple[int, int] | None:
        """Return where ``name`` lay first, None if it is not remembered."""
        return next(((partition, each[name]) for partition, each in self._offsets.items() if name in each), None)

    def _places_of(self, numbers: I64) -> list[tuple[int, int]]:
        partitions, offsets = self._positions.of(numbers)
        return list(zip(partitions.tolist(), offsets.tolist(), strict=True))
