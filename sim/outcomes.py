"""Collects what was decided, for the figures at the end: money and quality, by span."""

from collections.abc import Callable

import numpy as np

from actors.arrays import F32, F64, I64, U8
from actors.messages import DecidedBatch, Track
from sim.money import UNKNOWN, Outcomes

CHUNK_ROWS = 65_536  # 2 MB at a time; a decision takes 29 bytes, a million of them 29 MB


class OutcomeLog:
    """Appends decisions to columns; 29 bytes each, nothing per transaction in Python.

    Args:
        start_ns: when the run began, on its clock.
    """

    def __init__(self, start_ns: int) -> None:
        self._start_ns = start_ns
        self._full: list[_Chunk] = []
        self._chunk = _Chunk()

    def add(self, decided: DecidedBatch) -> None:
        """Append a batch; it is read at once and not kept."""
        done = 0
        while done < len(decided):
            done += self._chunk.fill(decided, done, self._start_ns)
            if self._chunk.used == CHUNK_ROWS:
                self._full.append(self._chunk)
                self._chunk = _Chunk()

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self._full) * CHUNK_ROWS + self._chunk.used

    def outcomes(self, label_of: Callable[[I64], U8] | None = None) -> Outcomes:
        """Return all decisions so far.

        Args:
            label_of: transaction numbers, int64 (n,), to labels, uint8 (n,): 1 fraud, 0 legitimate, `UNKNOWN`. None:
                no label is known.
        """
        chunks = [*self._full, self._chunk]
        number: I64 = np.concatenate([each.number[: each.used] for each in chunks])
        score: F32 = np.concatenate([each.score[: each.used] for each in chunks])
        unknown: U8 = np.full(len(number), UNKNOWN, dtype=np.uint8)
        return Outcomes(
            arrival_ns=np.concatenate([each.arrival_ns[: each.used] for each in chunks]),
            amount=np.concatenate([each.amount[: each.used] for each in chunks]),
            score=score.astype(np.float64),
            decision=np.concatenate([each.decision[: each.used] for each in chunks]),
            label=unknown if label_of is None else label_of(number),
        )


class _Chunk:
    def __init__(self) -> None:
        self.used = 0
        self.number: I64 = np.empty(CHUNK_ROWS, dtype=np.int64)
        self.arrival_ns: I64 = np.empty(CHUNK_ROWS, dtype=np.int64)
        self.amount: F64 = np.empty(CHUNK_ROWS, dtype=np.float64)
        self.score: F32 = np.empty(CHUNK_ROWS, dtype=np.float32)
        self.decision: U8 = np.empty(CHUNK_ROWS, dtype=np.uint8)

    def fill(self, decided: DecidedBatch, start: int, start_ns: int) -> int:
        """Take rows from ``start`` on while there is room; return how many."""
        count = min(len(decided) - start, CHUNK_ROWS - self.used)
        to, of = slice(self.used, self.used + count), slice(start, start + count)
        track = decided.batch.track
        self.number[to] = track[of, Track.NUMBER]
        self.arrival_ns[to] = track[of, Track.ARRIVAL] - start_ns
        self.amount[to] = decided.batch.amount[of]
        self.score[to] = decided.score[of]
        self.decision[to] = decided.decision[of]
        self.used += count
        return count
