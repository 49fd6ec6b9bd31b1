"""Quality of scores, against scikit-learn."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_curve, roc_auc_score

from sim.outcomes.money import UNKNOWN, Outcomes, business
from sim.outcomes.score_quality import Ranking, calibration_error, score_quality
from sim.training.trainer import calibration_error as trained_calibration_error

ROWS = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=80).filter(
    lambda rows: len({label for _, label in rows}) == 2
)


@given(ROWS, st.sampled_from([1, 7, 80]))
def test_figures_are_those_of_scikit_learn(rows: list[tuple[int, bool]], at_once: int) -> None:
    """ROC-AUC, average precision and precision at a recall agree, ties included, however few are sorted at once."""
    score = np.array([row[0] / 20 for row in rows])
    label = np.array([row[1] for row in rows], dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sim.outcomes.score_quality._PIECE", at_once)
        ranking = Ranking.of(score, label)
    assert ranking.roc_auc == pytest.approx(roc_auc_score(label, score))
    assert ranking.average_precision == pytest.approx(average_precision_score(label, score))
    precision, recall, _ = precision_recall_curve(label, score)
    assert ranking.ks == pytest.approx(ks_2samp(score[label == 1], score[label == 0]).statistic)
    assert ranking.precision_at_recall(0.7) == pytest.approx(precision[recall >= 0.7].max())


@given(ROWS, st.sampled_from([1, 7, 80]))
def test_calibration_error_is_that_of_training(rows: list[tuple[int, bool]], at_once: int) -> None:
    """What is watched live is what the gate on the model was about, in pieces as at once."""
    score = np.array([row[0] / 20 for row in rows])
    label = np.array([row[1] for row in rows], dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sim.outcomes.score_quality._PIECE", at_once)
        assert calibration_error(score, label) == pytest.approx(trained_calibration_error(label, score))


def _outcomes(score: list[float], label: list[int]) -> Outcomes:
    count = len(score)
    return Outcomes(
        np.zeros(count, dtype=np.int64),
        np.ones(count),
        np.array(score),
        np.zeros(count, dtype=np.uint8),
        np.array(label, dtype=np.uint8),
    )


def test_only_scored_decisions_with_known_labels_count() -> None:
    """A decision by rules has no score, and one without a label no truth; neither says anything about the model."""
    found = score_quality(_outcomes([0.9, 0.1, float("nan"), 0.2], [1, 0, 1, UNKNOWN]))
    assert (found.scored, found.roc_auc) == (2, 1.0)
    assert found.brier_score == pytest.approx(brier_score_loss([1, 0], [0.9, 0.1]))


def test_one_kind_of_label_says_nothing() -> None:
    """Without fraud, or without anything else, there is no figure."""
    assert score_quality(_outcomes([0.9, 0.1], [0, 0])).roc_auc is None
    assert score_quality(_outcomes([0.9], [1])).average_precision is None
    assert score_quality(_outcomes([], [])).scored == 0


def test_judging_takes_little_beside_what_is_judged() -> None:
    """Of a day's millions of decisions no second copy is made: at most 16 bytes each lie in memory for a moment."""
    count, chance = 400_000, np.random.default_rng(1)
    label = (chance.random(count) < 0.01).astype(np.uint8)
    amount, decision = np.ones(count), np.zeros(count, dtype=np.uint8)
    outcomes = Outcomes(np.arange(count), amount, chance.random(count), decision, label)
    tracemalloc.start()
    part = outcomes.during(0, None)
    score_quality(part)
    business(part)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * count
