"""A batch's rows by entity, so that repeated entities see each other in order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.arrays import I64, Bool


class Grouping:
    """The rows of one batch, sorted by the ring row of their entity, in batch order within one entity.

    All attributes but ``order`` are in sorted order; ``out[grouping.order] = …`` brings a result back. Where an entity
    appears more than once in what is stored, the last of its rows wins, as assignment to array elements does.

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
        self.positions: I64 = np.arange(size)
        keys = rows << shift
        keys |= self.positions
        keys.sort()  # distinct keys need no stable sort: vector instructions sort them several times faster
        self.order: I64 = keys & ((1 << shift) - 1)
        keys >>= shift
        self.rows: I64 = keys
        self.seen: I64 = count.take(keys)
        self._mask = depth - 1
        self._repeats: _Repeats | None = None
        first = np.empty(size, dtype=np.bool_)
        first[0] = True
        np.not_equal(keys[1:], keys[:-1], out=first[1:])
        if not first.all():
            self._repeats = _Repeats(first, self.positions, self.seen, depth)
        self._slots = keys * depth
        self._slots += self.seen & self._mask

    def past(self, column: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
        """Return what each row sees in its entity's ring, (depth, n), slots in no particular order of time.

        Rows lie along the second axis, so that adding up a ring's slots is adding up long arrays.

        Args:
            column: of the ring, (capacity, depth), as it was before the batch.
            values: of the batch for that column, sorted, (n,).
        """
        seen = column.take(self.rows, axis=0)
        if self._repeats is not None:
            seen.reshape(-1)[self._repeats.seen_slots] = values.take(self._repeats.seen_rows)
        return np.ascontiguousarray(seen.T)

    def newest(self, past: NDArray[Any]) -> NDArray[Any]:
        """Return, of what `past` returned, the value of the transaction just before each row; (n,)."""
        return np.asarray(past[(self.seen - 1) & self._mask, self.positions])

    def latest(self, fact: NDArray[Any], values: NDArray[Any], given: Bool) -> NDArray[Any]:
        """Return the latest value given before each row, (n,) or (n, width).

        Args:
            fact: of the ring, (capacity,) or (capacity, width): the latest before the batch.
            values: of the batch, sorted, (n,) or (n, width).
            given: where the batch gives one, sorted, (n,).
        """
        found = fact.take(self.rows, axis=0)
        if self._repeats is not None:
            seers, givers = self._repeats.given_before(given)
            found[seers] = values[givers]
        return found

    def store(self, column: NDArray[Any], values: NDArray[Any]) -> None:
        """Write the batch's ``values``, sorted, into a column of the ring."""
        column.reshape(-1)[self._slots] = values

    def store_count(self, count: I64) -> None:
        """Count the batch's transactions."""
        count[self.rows] = self.seen + 1


class _Repeats:
    """Who sees whom in a batch in which an entity appears more than once. Raises ``seen`` by the rows before.

    Attributes:
        seen_rows: rows that a later row of the same entity sees, one for each pair, the earliest first.
        seen_slots: slot that each of them has, in the seeing row's ring.
    """

    def __init__(self, first: Bool, positions: I64, seen: I64, depth: int) -> None:
        self._positions = positions
        self._start = np.maximum.accumulate(positions * first)
        rank = positions - self._start
        seen += rank
        again = rank.nonzero()[0]
        reach = np.minimum(rank.take(again), depth)
        ends = reach.cumsum()
        seers = again.repeat(reach)
        self.seen_rows: I64 = (again - ends).repeat(reach)
        self.seen_rows += np.arange(int(ends[-1]))
        self.seen_slots: I64 = seers * depth
        self.seen_slots += seen.take(self.seen_rows) & (depth - 1)

    def given_before(self, given: Bool) -> tuple[I64, I64]:
        """Return the rows before which the same entity was given a value in the batch, and the latest that gave it."""
        latest = np.maximum.accumulate(np.where(given, self._positions, -1))
        seers = (latest[:-1] >= self._start[1:]).nonzero()[0]
        return seers + 1, latest.take(seers)
