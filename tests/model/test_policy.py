"""Thresholds cut the scores into approve, review and block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.batches import Decision
from actors.model.policy import FEW, Thresholds, decide


def test_a_threshold_belongs_to_the_stricter_side() -> None:
    """A score equal to a threshold is reviewed, or blocked, not let through."""
    scores = np.array([0.0, 0.2999, 0.3, 0.6999, 0.7, 1.0])
    assert decide(scores, Thresholds(0.3, 0.7)).tolist() == [0, 0, 1, 1, 2, 2]


def test_what_could_not_be_scored_is_reviewed() -> None:
    """NaN is neither approved nor blocked."""
    assert decide(np.array([np.nan]), Thresholds()).tolist() == [Decision.REVIEW]


@given(st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=FEW + 1, max_size=2 * FEW))
def test_a_score_is_decided_alike_alone_and_among_many(scores: list[float]) -> None:
    """Few scores and many take different roads to the same decisions."""
    together = decide(np.array(scores), Thresholds(0.3, 0.7))
    alone = [decide(np.array([score]), Thresholds(0.3, 0.7)) for score in scores]
    assert together.tolist() == np.concatenate(alone).tolist()
    assert {each.dtype for each in (together, *alone)} == {np.dtype(np.uint8)}


@pytest.mark.parametrize(("review", "block"), [(0.0, 0.5), (0.7, 0.3), (0.5, 1.1), (float("nan"), 0.5)])
def test_thresholds_out_of_order_are_refused(review: float, block: float) -> None:
    """Review must come before block, and both must be reachable."""
    with pytest.raises(ValueError, match="0 < review <= block <= 1"):
        Thresholds(review, block)
