"""A bounded memory of transaction ids, so that a repeated one is not decided again."""

from collections import deque

import numpy as np

from actors.arrays import Bool

REMEMBERED_IDS = 1_000_000  # two minutes at 8,000/s; about 130 MB when full


class Deduplicator:
    """Remembers the last ``limit`` ids.

    Args:
        limit: ids to remember, > 0.
    """

    def __init__(self, limit: int = REMEMBERED_IDS) -> None:
        self._limit = limit
        self._seen: set[str] = set()
        self._order: deque[str] = deque()

    def __len__(self) -> int:
        """Return how many ids are remembered."""
        return len(self._seen)

    def all_fresh(self, ids: list[str]) -> bool:
        """Return whether all of ``ids`` are new, and no two equal. Remembers nothing."""
        if len(ids) == 1:
            return ids[0] not in self._seen
        unique = set(ids)
        return len(unique) == len(ids) and self._seen.isdisjoint(unique)

    def fresh(self, ids: list[str]) -> Bool:
        """Return which of ``ids`` are new, bool (n,); of equal ones only the first is. Remembers nothing."""
        mask = np.zeros(len(ids), dtype=np.bool_)
        here: set[str] = set()
        for index, name in enumerate(ids):
            if name not in self._seen and name not in here:
                mask[index] = True
                here.add(name)
        return mask

    def remember(self, ids: list[str]) -> None:
        """Remember ``ids``, all of them new; forget the oldest beyond the limit."""
        seen, order = self._seen, self._order
        if len(ids) == 1:
            seen.add(ids[0])
            order.append(ids[0])
        else:
            seen.update(ids)
            order.extend(ids)
        while len(order) > self._limit:
            seen.discard(order.popleft())
