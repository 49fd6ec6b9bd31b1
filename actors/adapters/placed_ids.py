"""Ids of a stream that one process remembers, each with its place, so that what is played again is no repetition."""

from itertools import islice

import numpy as np

from actors.adapters.positions import Positions
from actors.core.arrays import I64, Bool
from actors.core.awaiting import Completed
from actors.core.transaction import Columns
from actors.remembered_ids import ALL_FRESH


class PlacedIds:
    """Remembers in this process the last ``limit`` ids of a stream, each with the place where it lay first.

    What is handed out again because it was never committed has another number and the same place: it is no repetition
    of itself.

    Args:
        limit: ids to remember, > 0.
        positions: know where the transactions of a number lie.
    """

    def __init__(self, limit: int, positions: Positions) -> None:
        self._limit = limit
        self._positions = positions
        self._places: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        """Return how many ids are remembered."""
        return len(self._places)

    def fresh(self, numbers: I64, columns: Columns) -> Completed[Bool | None]:
        """Return which transactions are new, at once; see `RememberedIds`."""
        ids, known = columns.ids, self._places
        if len(set(ids)) == len(ids) and known.keys().isdisjoint(ids):
            return ALL_FRESH
        here: dict[str, tuple[int, int]] = {}
        places = self._places_of(numbers)
        mask = [here.setdefault(name, known.get(name, at)) == at for name, at in zip(ids, places, strict=True)]
        return Completed(np.array(mask, dtype=np.bool_))

    def remember(self, numbers: I64, columns: Columns) -> None:
        """Remember ids with their places; forget the oldest beyond the limit."""
        known = self._places
        for name, at in zip(columns.ids, self._places_of(numbers), strict=True):
            known.setdefault(name, at)
        for name in list(islice(known, max(0, len(known) - self._limit))):
            del known[name]

    def _places_of(self, numbers: I64) -> list[tuple[int, int]]:
        partitions, offsets = self._positions.of(numbers)
        return list(zip(partitions.tolist(), offsets.tolist(), strict=True))
