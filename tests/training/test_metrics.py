"""Figures of merit are what textbooks say they are."""

import numpy as np
import pytest

from sim.gates import FIGURES
from sim.training.trainer import calibration_error, judge, precision_at_recall

LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 0, 1, 1], dtype=np.uint8)
SCORES = np.arange(10) / 10


def test_figures_of_a_small_example_by_hand() -> None:
    """One honest transaction of seven outranks one fraud of three."""
    figures = judge(LABELS, SCORES)
    brier = float(np.mean((SCORES - LABELS) ** 2))
    assert figures["roc_auc"] == pytest.approx(20 / 21)
    assert figures["average_precision"] == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert figures["brier_score"] == pytest.approx(brier)
    assert figures["brier_skill"] == pytest.approx(1 - brier / 0.21)


def test_precision_at_recall_takes_the_best_threshold_that_finds_enough() -> None:
    """To find 70 % of three frauds, all three must be found, and one honest transaction comes with them."""
    assert precision_at_recall(LABELS, SCORES) == 0.75
    assert precision_at_recall(LABELS, SCORES, recall=0.6) == 1.0


def test_scores_that_are_the_share_of_fraud_have_no_calibration_error() -> None:
    """And a constant that is off by a tenth has a tenth of it."""
    labels = np.array([1, 0, 0, 0], dtype=np.uint8)
    assert calibration_error(labels, np.full(4, 0.25)) == pytest.approx(0.0)
    assert calibration_error(labels, np.full(4, 0.35)) == pytest.approx(0.1)


def test_a_score_of_one_has_a_bin() -> None:
    """The last bin includes its upper end."""
    assert calibration_error(np.ones(3, dtype=np.uint8), np.ones(3)) == 0.0


@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1]])
def test_one_class_alone_has_no_figures(labels: list[int]) -> None:
    """Nothing can be ranked against nothing; the gates then see no value."""
    figures = judge(np.array(labels, dtype=np.uint8), np.full(len(labels), 0.5))
    assert figures == dict.fromkeys(FIGURES)
