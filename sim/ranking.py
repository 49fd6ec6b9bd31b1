"""How well scores rank fraud above the rest: ROC-AUC, average precision, precision at a recall; by numpy alone.

The run path must not import scikit-learn; the tests compare with it.
"""

from dataclasses import dataclass

import numpy as np

from actors.arrays import F64, I64, U8


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scored transactions from the highest score down, sorted once for all figures.

    Attributes:
        stopped: transactions with at least each distinct score, int64 (k,), ascending.
        found: frauds among these, the same way.
    """

    stopped: I64
    found: I64

    @staticmethod
    def of(score: F64, label: U8) -> "Ranking":
        """Return the ranking of some transactions.

        Args:
            score: float64 (n,), no NaN.
            label: (n,), 0 or 1, both present.
        """
        order = np.argsort(-score)
        ranked = score[order]
        last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        del ranked  # of a day these are 14 MB each
        return Ranking(last + 1, np.cumsum(label[order], dtype=np.int64)[last])

    @property
    def roc_auc(self) -> float:
        """The chance that a fraud scores above a legitimate transaction, ties counting half."""
        frauds = np.diff(self.found, prepend=0)
        passed = self.stopped - self.found
        negatives = int(passed[-1])
        halves_below = 2 * negatives - passed  # a legitimate one with less is two halves, one with as much is one
        halves_below[1:] -= passed[:-1]
        return int(np.dot(frauds, halves_below)) / (2 * int(self.found[-1]) * negatives)

    @property
    def average_precision(self) -> float:
        """The precision averaged over the steps of recall."""
        return float(np.sum(np.diff(self._recall, prepend=0.0) * self._precision))

    def precision_at_recall(self, recall_ratio: float) -> float:
        """Return the best precision among thresholds that find at least ``recall_ratio`` of the fraud."""
        return float(self._precision[self._recall >= recall_ratio].max())

    @property
    def _precision(self) -> F64:
        return self.found / self.stopped

    @property
    def _recall(self) -> F64:
        return np.asarray(self.found / self.found[-1])
