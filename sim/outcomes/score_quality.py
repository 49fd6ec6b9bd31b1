"""How well scores tell fraud from the rest: ranking, AUC, precision at a recall, calibration.

The run path must not import scikit-learn; the tests compare with it.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from actors.core.arrays import F64, I64, U8
from sim.outcomes.money import Outcomes

_PIECE = 65_536  # scores that are sorted at once: half a megabyte, whatever the length of the run


@dataclass(frozen=True, slots=True)
class Ranking:
    """The confusion counts at the score of each fraud as threshold, from the highest down; equal scores are one.

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
    def ks(self) -> float:
        """The largest distance between the distributions of the scores of fraud and of the rest, either way."""
        fraud, above = self._recall, np.concatenate([[0.0], self._recall[:-1]])
        ahead = float(np.max(fraud - self.passed / self.negatives))
        behind = float(np.max(self.passed_above / self.negatives - above))
        return max(0.0, ahead, behind)

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


RECALL = 0.70  # where precision is read
CALIBRATION_BINS = 15  # as in training, whose gate has the same name


class LiveQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Quality of the model's scores on live decisions with known labels; None without both kinds of label.

    Attributes:
        ks: Kolmogorov-Smirnov distance between the scores of fraud and of the rest.
        calibration_error: expected calibration error, in 15 equal bins of the score.
    """

    scored: int
    roc_auc: float | None = None
    average_precision: float | None = None
    precision_at_recall_70: float | None = None
    brier_score: float | None = None
    ks: float | None = None
    calibration_error: float | None = None


def score_quality(outcomes: Outcomes) -> LiveQuality:
    """Return the quality of those decisions in ``outcomes`` that a model scored and whose label is known."""
    known = outcomes.scored_and_labelled()
    score, label = known.score, known.label
    count, fraud = len(score), int(label.sum())
    if not 0 < fraud < count:
        return LiveQuality(scored=count)
    ranking = Ranking.of(score, label)
    return LiveQuality(
        scored=count,
        roc_auc=ranking.roc_auc,
        average_precision=ranking.average_precision,
        precision_at_recall_70=ranking.precision_at_recall(RECALL),
        ks=ranking.ks,
        calibration_error=calibration_error(score, label),
        brier_score=_mean_square(score - label),
    )


def calibration_error(score: F64, label: U8) -> float:
    """Return how far scores are from the share of fraud among those like them, in bins weighted by their rows."""
    gaps = np.zeros(CALIBRATION_BINS)
    for start in range(0, len(score), _PIECE):
        part, truth = score[start : start + _PIECE], label[start : start + _PIECE]
        bins = np.minimum((part * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
        gaps += np.bincount(bins, weights=part - truth, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(score))


def _mean_square(error: F64) -> float:
    """Return the mean of the squares; ``error`` is overwritten, of a day it is 14 MB."""
    return float(np.mean(np.square(error, out=error)))
