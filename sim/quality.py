"""How good a model's scores are against labels."""

import msgspec
import numpy as np

from actors.arrays import F64
from sim.money import Outcomes
from sim.ranking import Ranking

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
        brier_score=_mean_square(score - label),
    )


def _mean_square(error: F64) -> float:
    """Return the mean of the squares; ``error`` is overwritten, of a day it is 14 MB."""
    return float(np.mean(np.square(error, out=error)))
