"""Which transactions were seen before: the port that remembers ids, and its adapter in this process."""

from collections import deque
from typing import Final, Protocol

import numpy as np

from actors.core.arrays import I64, Bool
from actors.core.awaiting import Completed
from actors.core.transaction import Columns

ALL_FRESH: Final[Completed[Bool | None]] = Completed(None)


class RememberedIds(Protocol):
    """Remembers ids of transactions, so that one which comes twice is decided once; the oldest are forgotten."""

    async def fresh(self, numbers: I64, columns: Columns) -> Bool | None:
        """Return which transactions are new, bool (n,), or None: all of them. Of equal ids only the first is new.

        Asking remembers nothing: what was asked about and not remembered since is as new as it was. What comes again
        because its batch crashed the assembler, or because it was never committed, is no repetition of itself.

        Args:
            numbers: of the transactions in the order in which they came to the pipeline, int64 (n,), ascending.
            columns: the transactions, at least 1.

        Raises:
            StreamStateError: there was no answer. The assembler asks its own memory, which no other worker shares.
        """
        ...

    def remember(self, numbers: I64, columns: Columns) -> None:
        """Take note that transactions, all of them new, were counted and go on; must not raise.

        An adapter which remembers them as it counts has nothing left to do.
        """
        ...


class Deduplicator:
    """Remembers the last ``limit`` ids in this process.

    Args:
        limit: ids to remember, > 0.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: set[str] = set()
        self._order: deque[str] = deque()

    def __len__(self) -> int:
        """Return how many ids are remembered."""
        return len(self._seen)

    def fresh(self, _: I64, columns: Columns) -> Completed[Bool | None]:
        """Return which transactions are new, at once; see `RememberedIds`."""
        ids = columns.ids
        if len(ids) == 1:
            all_fresh = ids[0] not in self._seen
        else:
            unique = set(ids)
            all_fresh = len(unique) == len(ids) and self._seen.isdisjoint(unique)
        return ALL_FRESH if all_fresh else Completed(first_of_each(ids, self._seen))

    def remember(self, _: I64, columns: Columns) -> None:
        """Remember ids, all of them new; forget the oldest beyond the limit."""
        seen, order, ids = self._seen, self._order, columns.ids
        if len(ids) == 1:
            seen.add(ids[0])
            order.append(ids[0])
        else:
            seen.update(ids)
            order.extend(ids)
        while len(order) > self._limit:
            seen.discard(order.popleft())


class OwnIds(Protocol):
    """Ids that one process has seen, and answers about at once; see `RememberedIds`."""

    def fresh(self, numbers: I64, columns: Columns) -> Completed[Bool | None]:
        """Return which transactions are new."""
        ...

    def remember(self, numbers: I64, columns: Columns) -> None:
        """Take note of transactions."""
        ...


def first_of_each(ids: list[str], seen: set[str]) -> Bool:
    """Return which of ``ids`` are not ``seen``, bool (n,); of equal ones only the first."""
    mask = np.zeros(len(ids), dtype=np.bool_)
    here: set[str] = set()
    for index, name in enumerate(ids):
        if name not in seen and name not in here:
            mask[index] = True
            here.add(name)
    return mask
