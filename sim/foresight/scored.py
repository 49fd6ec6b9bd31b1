"""Rows with the scores they are about to have: the first few at once, the others by a thread, while those are used."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future

import numpy as np

from actors.arrays import F32, F64
from actors.model.engine import Engine

AT_ONCE = 32  # rows; the loop needs about 2 ms to come to the next, in which a thread scores 128
GROWTH = 4  # each part is so many times the one before; a thread scores six rows while the loop comes to the next one


class ScoredRows:
    """Foreseen rows, found by the bytes in them; most come in the order in which they were foreseen.

    Args:
        engine: scores them, in a thread too.
        features: float32 (n, n_features) in C order, n >= 1; never changed from now on.
        beside: has a thread that scores; None: all are scored now.
    """

    def __init__(self, engine: Engine, features: F32, beside: Executor | None) -> None:
        self._cells = features.tobytes()
        self._width = len(self._cells) // len(features)
        self._scores: F64 = np.empty(len(features), dtype=np.float64)
        self._given: F64 = self._scores.view()
        self._given.flags.writeable = False  # several batches may be given the same rows
        self._next = 0
        self._places: dict[bytes, int] | None = None
        self._known = len(features) if beside is None else min(AT_ONCE, len(features))
        self._scores[: self._known] = engine.score(features[: self._known])
        self._coming: list[Future[F64]] = []
        if beside is not None:
            self._coming = [beside.submit(engine.score, part) for part in _parts(features[self._known :])]

    def next(self, cells: bytes, count: int) -> F64 | None:
        """Return the scores of ``count`` rows, whose bytes ``cells`` are, if they are those that come next."""
        start, stop = self._next, self._next + count
        if self._cells[start * self._width : stop * self._width] != cells:
            return None
        scores = self._upto(stop)[start:stop]
        self._next = stop
        return scores

    def find(self, row: bytes) -> float | None:
        """Return the score of a row, wherever it is; the one behind it is expected next."""
        if self._places is None:
            width, cells = self._width, self._cells
            starts = range(0, len(cells), width)
            self._places = {cells[start : start + width]: at for at, start in enumerate(starts)}
        at = self._places.get(row)
        if at is None:
            return None
        self._next = at + 1
        return self._upto(at + 1).item(at)

    def _upto(self, stop: int) -> F64:
        """Return the scores, known up to ``stop``; waits for the thread if need be.

        Raises:
            ModelError: scoring failed.
        """
        while self._known < stop:
            part = self._coming[0].result()  # where it failed it stays, and fails each time
            del self._coming[0]
            self._scores[self._known : self._known + len(part)] = part
            self._known += len(part)
        return self._given


def _parts(features: F32) -> Iterator[F32]:
    """Yield ``features`` cut so that each part is scored while the one before is used."""
    size = GROWTH * AT_ONCE
    while len(features):
        yield features[:size]
        features, size = features[size:], GROWTH * size
