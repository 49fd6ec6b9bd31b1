"""Thresholds that turn a score into a decision."""

import msgspec
import numpy as np

from actors.arrays import F64, U8, all_u8

FEW = 16  # scores up to which plain numbers are quicker than arrays


class Thresholds(msgspec.Struct, frozen=True):
    """Scores from which a transaction is reviewed, and from which it is blocked.

    Raises:
        ValueError: not 0 < review <= block <= 1.
    """

    review: float = 0.30  # a reviewer's hour is worth it from about one fraud in three
    block: float = 0.70  # below this, more than three in ten blocked customers would be honest

    def __post_init__(self) -> None:
        """Check the order."""
        if not 0 < self.review <= self.block <= 1:
            raise ValueError(f"thresholds must be 0 < review <= block <= 1, got {self.review} and {self.block}")


def decide(scores: F64, thresholds: Thresholds) -> U8:
    """Return the `Decision` of each score.

    A score that is not a number is reviewed: what could not be scored is never approved unseen. The answer to a single
    score is shared by all who ask, and cannot be written to.

    Example:
        >>> decide(np.array([0.1, 0.3, 0.7, np.nan]), Thresholds(review=0.3, block=0.7))
        array([0, 1, 2, 1], dtype=uint8)
    """
    review, block = thresholds.review, thresholds.block
    if len(scores) == 1:
        score = scores.item()
        return all_u8((not score < review) + (score >= block), 1)
    if len(scores) <= FEW:
        return np.array([(not score < review) + (score >= block) for score in scores.tolist()], dtype=np.uint8)
    seen = ~(scores < review)
    return seen.astype(np.uint8) + (scores >= block)
