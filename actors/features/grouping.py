"""A batch's rows by entity, so that repeated entities see each other in order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.arrays import I64, Bool


class Grouping:
    """The rows of one batch, sorted by the ring row of their entity, in batch order within one entity.

    All attributes but ``order`` are in sorted order; ``out[grouping.order] = …`` brings a result back.

    Args:
        rows: ring row of each transaction's entity, (n,), n >= 1.
        count: transactions of each entity before the batch, by ring row.
        depth: of the ring; a power of two.

    Attributes:
        order: int64 (n,), positions in the batch.
        rows: int64 (n,), ring rows.
        seen: int64 (n,), transactions of the entity before this one, in ring and batch together.
    """

    def __init__(self, rows: I64, count: I64, depth: int) -> None:
        size = len(rows)
        shift = size.bit_length()
        keys = (rows << shift) | np.arange(size)
        keys.sort()  # distinct keys need no stable sort: vector instructions sort them several times faster
        self.order: I64 = keys & ((1 << shift) - 1)
        self.rows: I64 = keys >> shift
        self.seen: I64 = count[self.rows]
        self._mask = depth - 1
        self._repeats: _Repeats | None = None
        first = np.empty(size, dtype=np.bool_)
        first[0] = True
        np.not_equal(self.rows[1:], self.rows[:-1], out=first[1:])
        if not first.all():
            self._repeats = _Repeats(first, self.seen, depth)
        kept = slice(None) if self._repeats is None else self._repeats.kept
        self._kept = kept
        self._stored = self.rows[kept] * depth + (self.seen[kept] & self._mask)

    def past(self, column: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
        """Return what each row sees in its entity's ring, (n, depth), slots in no particular order of time.

        Args:
            column: of the ring, (capacity, depth), as it was before the batch.
            values: of the batch for that column, sorted, (n,).
        """
        seen = column.take(self.rows, axis=0)
        if self._repeats is not None:
            seen.reshape(-1)[self._repeats.seen_slots] = values[self._repeats.seen_rows]
        return seen

    def newest(self, past: NDArray[Any]) -> NDArray[Any]:
        """Return, of what `past` returned, the value of the transaction just before each row; (n,)."""
        return np.asarray(past[np.arange(len(past)), (self.seen - 1) & self._mask])

    def latest(self, fact: NDArray[Any], values: NDArray[Any], given: Bool) -> NDArray[Any]:
        """Return the latest value given before each row, (n,).

        Args:
            fact: of the ring, (capacity,): the latest before the batch.
            values: of the batch, sorted, (n,).
            given: where the batch gives one, sorted, (n,).
        """
        found = fact.take(self.rows)
        if self._repeats is not None:
            self._repeats.overlay(found, values, given)
        return found

    def store(self, column: NDArray[Any], values: NDArray[Any]) -> None:
        """Write the batch's ``values``, sorted, into a column of the ring."""
        column.reshape(-1)[self._stored] = values[self._kept]

    def store_fact(self, fact: NDArray[Any], values: NDArray[Any], given: Bool) -> None:
        """Write the last ``values``, sorted, that were ``given`` for each entity into a fact of the ring."""
        fact[self.rows[given]] = values[given]  # of several for one row the last stays

    def store_count(self, count: I64) -> None:
        """Count the batch's transactions."""
        count[self.rows] = self.seen + 1  # of several for one row the last stays, which is the highest


class _Repeats:
    """Who sees whom in a batch in which an entity appears more than once.

    Attributes:
        seen_rows: rows that a later row of the same entity sees, one for each pair, the earliest first.
        seen_slots: slot that each of them has, in the seeing row's ring.
        kept: rows that are among the last ``depth`` of their entity.
    """

    def __init__(self, first: Bool, seen: I64, depth: int) -> None:
        positions = np.arange(len(first))
        self.start = np.maximum.accumulate(np.where(first, positions, 0))
        rank = positions - self.start
        seen += rank
        reach = np.minimum(rank, depth)
        ends = np.cumsum(reach)
        seers = np.repeat(positions, reach)
        self.seen_rows = np.arange(int(ends[-1])) + np.repeat(positions - ends, reach)
        self.seen_slots = seers * depth + (seen[self.seen_rows] & (depth - 1))
        starts = np.flatnonzero(first)
        sizes = np.diff(starts, append=len(first))
        self.kept = np.flatnonzero(rank >= np.repeat(sizes, sizes) - depth)

    def overlay(self, found: NDArray[Any], values: NDArray[Any], given: Bool) -> None:
        """Put into ``found`` the latest value given by an earlier row of the same entity, where there is one."""
        givers = np.maximum.accumulate(np.where(given, np.arange(len(given)), -1))
        before = np.concatenate(([-1], givers[:-1]))
        seers = np.flatnonzero(before >= self.start)
        found[seers] = values[before[seers]]
