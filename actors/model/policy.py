"""Which decision a transaction gets: from its score, from a failure, or by rules.

Rules look at payload and streaming features only, so they hold when the feature store and the model are gone, and they
cost well under a microsecond a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import msgspec
import numpy as np

from actors.config import FailurePolicy, ThresholdsConfig
from actors.core.arrays import F32, F64, U8, Bool, all_u8
from actors.core.batches import Cause, Decision, Reason

FEW = 16  # scores up to which plain numbers are quicker than arrays


class Thresholds(ThresholdsConfig, frozen=True):
    """Scores from which a transaction is reviewed, and from which it is blocked, known to be in order.

    Raises:
        ValueError: not 0 < review <= block <= 1.
    """

    @classmethod
    def of(cls, config: ThresholdsConfig) -> Self:
        """Return those that ``config`` asks for."""
        return cls(config.review, config.block)

    def __post_init__(self) -> None:
        """Check the order."""
        if not 0 < self.review <= self.block <= 1:
            raise ValueError(f"thresholds must be 0 < review <= block <= 1, got {self.review} and {self.block}")


def decide(scores: F64, thresholds: Thresholds) -> U8:
    """Return the `Decision` of each score.

    A score that is not a number is reviewed: what could not be scored is never approved unseen. The answer to a single
    score is shared by all callers, and cannot be written to.

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


def answer_failures(policy: FailurePolicy, decision: U8, cause: U8) -> U8:
    """Return ``decision`` (n,), changed in a copy where ``cause`` (n,) is a failure that has its own answer."""
    if policy.features_missing == "ladder" == policy.model_failed:
        return decision
    decision = decision.copy()
    answers = ((policy.features_missing, Cause.MISSING_FEATURES), (policy.model_failed, Cause.MODEL_FAILED))
    for answer, failed in answers:
        if answer == "ladder":
            continue
        at = cause == failed
        if answer == "fail_open":
            decision[at] = Decision.APPROVE
        else:
            decision[at] = np.maximum(decision[at], np.uint8(Decision.REVIEW))
    return decision


SMALL_AMOUNT = 30.0  # the low-value exemption of strong customer authentication, EU 2018/389 article 16
BLOCK_AT = 2  # two rules at once are rarely chance


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires where ``column`` reaches its limit and every column of ``only_if`` is set."""

    reason: Reason
    column: str
    limit: str
    only_if: tuple[str, ...] = ()


class RuleLimits(msgspec.Struct, frozen=True):
    """The value at which each rule fires; training tunes them on history. None switches a rule off.

    Attributes:
        high_amount: amount of the transaction.
        card_velocity: transactions of the card in the last hour.
        many_merchants: distinct merchants of the card in the last 30 minutes.
        foreign_amount: amount from which a foreign address on a new device counts.
        shared_device: distinct cards on the device in the last 7 days, online only.
    """

    high_amount: float | None = 500.0
    card_velocity: float | None = 6.0
    many_merchants: float | None = 4.0
    foreign_amount: float | None = 0.0
    shared_device: float | None = 4.0

    def of(self, rule: Rule) -> float | None:
        """Return the limit of ``rule``; None is off."""
        limit: float | None = getattr(self, rule.limit)
        return limit


# In order of how telling each is; the reason of a decision is the first that fired.
RULES = (
    Rule(Reason.SHARED_DEVICE, "device_cards_7d", "shared_device", ("online",)),  # a till serves many cards
    Rule(Reason.MANY_MERCHANTS, "card_merchants_30m", "many_merchants"),
    Rule(Reason.CARD_VELOCITY, "card_tx_1h", "card_velocity"),
    Rule(Reason.FOREIGN_DEVICE, "amount", "foreign_amount", ("country_mismatch", "card_device_new")),
    Rule(Reason.HIGH_AMOUNT, "amount", "high_amount"),
)


class RuleBook:
    """The rules that the features allow: a rule whose columns a model does not use is left out.

    Args:
        feature_names: columns of the matrices that will be decided, in order.
        limits: when each rule fires.
    """

    def __init__(self, feature_names: Sequence[str], limits: RuleLimits | None = None) -> None:
        self._at = {name: number for number, name in enumerate(feature_names)}
        self.limits = limits or RuleLimits()
        self.rules = tuple(
            (rule, limit)
            for rule in RULES
            if {rule.column, *rule.only_if} <= self._at.keys() and (limit := self.limits.of(rule)) is not None
        )

    def decide(self, features: F32) -> tuple[U8, U8]:
        """Return the `Decision` and the `Reason` of each row, both uint8 (n,).

        One rule sends to review, two or more block, none approves. A missing value fires no rule.
        """
        count = np.zeros(len(features), dtype=np.uint8)
        reason = np.full(len(features), Reason.NO_RULE_FIRED, dtype=np.uint8)
        for rule, limit in self.rules:
            fired = self.fired(rule, limit, features)
            reason[fired & (count == 0)] = rule.reason
            count += fired
        return np.where(count >= BLOCK_AT, np.uint8(Decision.BLOCK), count), reason

    def fired(self, rule: Rule, limit: float, features: F32) -> Bool:
        """Return where ``rule`` fires with ``limit``, shape (n,)."""
        fired = features[:, self._at[rule.column]] >= limit
        for name in rule.only_if:
            fired &= features[:, self._at[name]] > 0
        return fired


def decide_default(amount: F64, small_amount: float = SMALL_AMOUNT) -> tuple[U8, U8]:
    """Return the `Decision` and `Reason` on the last rung: approve below ``small_amount``, else review.

    Example:
        >>> decide_default(np.array([29.99, 30.0]))
        (array([0, 1], dtype=uint8), array([7, 8], dtype=uint8))
    """
    small = amount < small_amount
    decision = np.where(small, np.uint8(Decision.APPROVE), np.uint8(Decision.REVIEW))
    return decision, np.where(small, np.uint8(Reason.SMALL_AMOUNT), np.uint8(Reason.NOT_SMALL))
