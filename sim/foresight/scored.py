"""Rows with the scores they are about to have."""

from actors.arrays import F32, F64
from actors.model.engines.engine import Engine


class ScoredRows:
    """Foreseen rows, found by the bytes in them; most come in the order in which they were foreseen.

    Args:
        engine: scores them.
        features: float32 (n, n_features) in C order, n >= 1; never changed from now on.
    """

    def __init__(self, engine: Engine, features: F32) -> None:
        self._cells = features.tobytes()
        self._width = len(self._cells) // len(features)
        self._scores: F64 = engine.score(features)
        self._scores.flags.writeable = False  # several batches may be given the same rows
        self._next = 0
        self._places: dict[bytes, int] | None = None

    def next(self, cells: bytes, count: int) -> F64 | None:
        """Return the scores of ``count`` rows, whose bytes ``cells`` are, if they are those that come next."""
        start, stop = self._next, self._next + count
        if self._cells[start * self._width : stop * self._width] != cells:
            return None
        self._next = stop
        return self._scores[start:stop]

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
        return self._scores.item(at)
