"""How good scores are against labels: ROC-AUC, average precision, precision at a recall, Brier score; by numpy alone.

The run path must not import scikit-learn; the tests compare with it.
"""

import msgspec
import numpy as np

from actors.arrays import F64, U8
from sim.money import Outcomes

RECALL = 0.70  # where precision is read


class LiveQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Quality of the model's scores on live decisions with known labels; None without both kinds of label."""

    scored: int
    roc_auc: float | None = None
    average_precision: float | None = None
    precision_at_recall_70: float | None = None
    brier_score: float | None = None


def live_quality(outcomes: Outcomes) -> LiveQuality:
    """Return the quality of those decisions in ``outcomes`` that a model scored and whose label is known."""
    chosen = ~np.isnan(outcomes.score) & (outcomes.label <= 1)
    score, label = outcomes.score[chosen], outcomes.label[chosen]
    count, fraud = len(score), int(label.sum())
    if not 0 < fraud < count:
        return LiveQuality(scored=count)
    return LiveQuality(
        scored=count,
        roc_auc=roc_auc(score, label),
        average_precision=average_precision(score, label),
        precision_at_recall_70=precision_at_recall(score, label, RECALL),
        brier_score=float(np.mean((score - label) ** 2)),
    )


def roc_auc(score: F64, label: U8) -> float:
    """Return the chance that a fraud scores above a legitimate transaction, ties counting half.

    Args:
        score: float64 (n,), no NaN.
        label: (n,), 0 or 1, both present.
    """
    values, at, counts = np.unique(score, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    rank = below + (counts + 1) / 2  # mean rank of equal scores, from 1
    positives = int(label.sum())
    negatives = len(label) - positives
    rank_sum = float(rank[at][label == 1].sum()) if len(values) else 0.0
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def precision_recall(score: F64, label: U8) -> tuple[F64, F64]:
    """Return precision and recall when all with at least a score are stopped, by distinct score from the highest."""
    order = np.argsort(-score, kind="stable")
    ranked, hits = score[order], np.cumsum(label[order], dtype=np.int64)
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    found = hits[last].astype(np.float64)
    return found / (last + 1), found / hits[-1]


def average_precision(score: F64, label: U8) -> float:
    """Return the precision averaged over the steps of recall; both kinds of label must be present."""
    precision, recall = precision_recall(score, label)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def precision_at_recall(score: F64, label: U8, recall_ratio: float) -> float:
    """Return the best precision among thresholds that find at least ``recall_ratio`` of the fraud."""
    precision, recall = precision_recall(score, label)
    return float(precision[recall >= recall_ratio].max())
