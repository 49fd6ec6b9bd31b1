"""What is decided when something failed, if the business wants it otherwise than the ladder does."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from actors.arrays import U8
from actors.messages import Cause, Decision

Answer = Literal["ladder", "fail_open", "fail_to_review"]


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """An answer for each kind of failure: as the ladder says, approve, or review unless it says block.

    Attributes:
        features_missing: the batch tier is missing.
        model_failed: the model could not score.
    """

    features_missing: Answer = "ladder"
    model_failed: Answer = "ladder"

    def apply(self, decision: U8, cause: U8) -> U8:
        """Return ``decision`` (n,), changed in a copy where ``cause`` (n,) is a failure that has its own answer."""
        if self.features_missing == "ladder" == self.model_failed:
            return decision
        decision = decision.copy()
        answers = ((self.features_missing, Cause.MISSING_FEATURES), (self.model_failed, Cause.MODEL_FAILED))
        for answer, failed in answers:
            if answer == "ladder":
                continue
            at = cause == failed
            if answer == "fail_open":
                decision[at] = Decision.APPROVE
            else:
                decision[at] = np.maximum(decision[at], np.uint8(Decision.REVIEW))
        return decision
