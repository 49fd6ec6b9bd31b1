"""How good scores are, against labels: ranking, calibration and both at once."""

from typing import Final

import numpy as np

from actors.arrays import F64, U8

RECALL: Final = 0.70
CALIBRATION_BINS: Final = 15


def judge(labels: U8, scores: F64) -> dict[str, float | None]:
    """Return the figures of `sim.gates.FIGURES`; all None unless both classes are present.

    Args:
        labels: 1 for fraud, shape (n,).
        scores: model output in [0, 1], shape (n,).
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    base = float(labels.mean()) if len(labels) else 0.0
    if base in {0.0, 1.0}:
        return dict.fromkeys(
            (
                "roc_auc",
                "average_precision",
                "precision_at_recall_70",
                "brier_score",
                "brier_skill",
                "calibration_error",
            )
        )
    brier = float(np.mean((scores - labels) ** 2))
    return {
        "roc_auc": float(roc_auc_score(labels, scores)),
        "average_precision": float(average_precision_score(labels, scores)),
        "precision_at_recall_70": precision_at_recall(labels, scores),
        "brier_score": brier,
        "brier_skill": 1.0 - brier / (base * (1.0 - base)),
        "calibration_error": calibration_error(labels, scores),
    }


def precision_at_recall(labels: U8, scores: F64, recall: float = RECALL) -> float:
    """Return the best precision among thresholds that find at least ``recall`` of the fraud."""
    from sklearn.metrics import precision_recall_curve

    precisions, recalls, _ = precision_recall_curve(labels, scores)
    return float(precisions[recalls >= recall].max())


def calibration_error(labels: U8, scores: F64, bins: int = CALIBRATION_BINS) -> float:
    """Return the expected calibration error over bins of equal width.

    Each bin adds the distance between its mean score and its share of fraud, weighted by its share of rows.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    at = np.minimum((scores * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(at, weights=scores - labels, minlength=bins)
    return float(np.abs(gaps).sum() / len(scores))
