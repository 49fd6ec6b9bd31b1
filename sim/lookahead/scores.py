"""Scores of rows that are expected, computed a block at a time."""

from contextlib import suppress

import numpy as np

from actors.core.arrays import F32, F64
from actors.core.errors import ModelError
from actors.model.engine import Engine
from actors.model.serving import ServingModel


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


class LookaheadScores:
    """Gives the scores of rows: from the last two blocks scored ahead if they have the same bytes, else from the model.

    A row alone costs the model ten times as much as one of a block, and the same row has the same score either way.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._blocks: tuple[ScoredRows, ...] = ()  # the latest first

    def foresee(self, engine: Engine, features: F32) -> None:
        """Score ``features``, float32 (n, n_features) in C order, of which most will be asked for.

        What cannot be scored now is scored, and fails, when it is asked for.
        """
        earlier = self._blocks[:1] if engine is self._engine else ()
        self._engine, self._blocks = engine, earlier
        with suppress(ModelError):
            self._blocks = (ScoredRows(engine, features), *earlier)

    def predict(self, model: ServingModel, features: F32) -> F64:
        """Return the scores of ``features``, as the model's engine gives them; not to be changed.

        Raises:
            ModelError: scoring failed.
        """
        found = self._found(features) if model.engine is self._engine else None
        return model.engine.score(features) if found is None else found

    def _found(self, features: F32) -> F64 | None:
        """Return the scores of ``features`` if all of them were foreseen."""
        cells, count = features.tobytes(), len(features)
        for block in self._blocks:
            scores = block.next(cells, count)
            if scores is not None:
                return scores
        return self._found_singly(cells, count)

    def _found_singly(self, cells: bytes, count: int) -> F64 | None:
        found = np.empty(count, dtype=np.float64)
        width = len(cells) // count
        for row in range(count):
            score = self._find(cells[row * width : (row + 1) * width])
            if score is None:
                return None
            found[row] = score
        return found

    def _find(self, row: bytes) -> float | None:
        scores = (block.find(row) for block in self._blocks)
        return next((score for score in scores if score is not None), None)
