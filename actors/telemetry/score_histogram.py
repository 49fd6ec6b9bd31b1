"""The model's scores, counted into equal bins over [0, 1]."""

import numpy as np

from actors.arrays import F64, I64, joined
from actors.pile import Pile
from actors.telemetry.snapshot import ScoreCounts

SCORE_BINS = 50

_FEW = 32  # below this many scores adding them up in Python is faster than as an array


class ScoreHistogram:
    """Model scores in equal bins over [0, 1]; one outside is in the bin at that end."""

    def __init__(self) -> None:
        self._bins: I64 = np.zeros(SCORE_BINS, dtype=np.int64)
        self._total = 0
        self._sum = 0.0
        self._pile = Pile(self._count)

    def add(self, scores: F64) -> None:
        """Count scores, float64 (n,), leaving NaN out."""
        self._pile.add(scores, len(scores))

    def _count(self, batches: list[F64]) -> None:
        scores = joined(batches)
        if np.count_nonzero(np.isnan(scores)):
            batches = [batch[~np.isnan(batch)] for batch in batches]
            scores = joined(batches)
        at = (scores * SCORE_BINS).clip(0, SCORE_BINS - 1).astype(np.int64)
        self._bins += np.bincount(at, minlength=SCORE_BINS)
        self._total += len(scores)
        for batch in batches:  # each by itself, or the sum's last digits would tell when somebody looked
            self._sum += batch.item() if len(batch) == 1 else _sum(batch)

    def counts(self) -> ScoreCounts:
        """Return the bins as a frozen value."""
        self._pile.settle()
        return ScoreCounts(tuple(self._bins.tolist()), self._total, self._sum)


def _sum(scores: F64) -> float:
    return sum(scores.tolist()) if len(scores) < _FEW else float(scores.sum())
