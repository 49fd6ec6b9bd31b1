"""How well scores rank fraud above the rest: ROC-AUC, average precision, precision at a recall; by numpy alone.

The run path must not import scikit-learn; the tests compare with it.
"""

from dataclasses import dataclass

import numpy as np

from actors.arrays import F64, I64, U8

_PIECE = 65_536  # scores that are sorted at once: half a megabyte, whatever the length of the run


@dataclass(frozen=True, slots=True)
class Ranking:
    """What lies at and above the score of each fraud, from the highest down; equal scores are one.

    Other scores need no place in it: from one fraud down to the next, precision only falls and recall stays.

    Attributes:
        found: frauds with at least each score, int64 (k,), ascending.
        passed: legitimate transactions with at least each score, int64 (k,).
        passed_above: legitimate transactions with more than each score, int64 (k,).
        negatives: all legitimate transactions.
    """

    found: I64
    passed: I64
    passed_above: I64
    negatives: int

    @staticmethod
    def of(score: F64, label: U8) -> "Ranking":
        """Return the ranking of some transactions.

        Args:
            score: float64 (n,), no NaN.
            label: (n,), 0 or 1, both present.
        """
        distinct, counts = np.unique(score[label == 1], return_counts=True)
        below, upto = np.zeros_like(counts), np.zeros_like(counts)
        negatives = len(score) - int(counts.sum())
        for start in range(0, len(score), _PIECE):
            piece = slice(start, start + _PIECE)
            legitimate = np.sort(score[piece][label[piece] == 0])
            below += np.searchsorted(legitimate, distinct, side="left")
            upto += np.searchsorted(legitimate, distinct, side="right")
        passed, passed_above = negatives - below[::-1], negatives - upto[::-1]
        return Ranking(np.cumsum(counts[::-1], dtype=np.int64), passed, passed_above, negatives)

    @property
    def roc_auc(self) -> float:
        """The chance that a fraud scores above a legitimate transaction, ties counting half."""
        frauds = np.diff(self.found, prepend=0)
        halves_below = 2 * self.negatives - self.passed - self.passed_above  # one with less is two, with as much one
        return int(np.dot(frauds, halves_below)) / (2 * int(self.found[-1]) * self.negatives)

    @property
    def average_precision(self) -> float:
        """The precision averaged over the steps of recall."""
        return float(np.sum(np.diff(self._recall, prepend=0.0) * self._precision))

    def precision_at_recall(self, recall_ratio: float) -> float:
        """Return the best precision among thresholds that find at least ``recall_ratio`` of the fraud."""
        return float(self._precision[self._recall >= recall_ratio].max())

    @property
    def _precision(self) -> F64:
        return np.asarray(self.found / (self.found + self.passed))

    @property
    def _recall(self) -> F64:
        return np.asarray(self.found / self.found[-1])
