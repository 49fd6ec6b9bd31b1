"""Rules decide without a model, on payload and streaming features."""

import numpy as np
import pytest

from actors.core.arrays import F32
from actors.core.batches import Decision, Reason
from actors.model.policy import RuleBook, RuleLimits, decide_default
from tests.support.actors.small_model import NAMES

QUIET = {
    "amount": 20.0,
    "online": 1,
    "country_mismatch": 0,
    "card_tx_1h": 1,
    "card_merchants_30m": 1,
    "card_device_new": 0,
    "device_cards_7d": 1,
}
LIMITS = RuleLimits(high_amount=500, card_velocity=6, many_merchants=4, foreign_amount=50, shared_device=4)


def row(**changes: float) -> F32:
    return np.array([[(QUIET | changes)[name] for name in NAMES]], dtype=np.float32)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": 500.0}, Reason.HIGH_AMOUNT),
        ({"card_tx_1h": 6}, Reason.CARD_VELOCITY),
        ({"card_merchants_30m": 4}, Reason.MANY_MERCHANTS),
        ({"amount": 50.0, "country_mismatch": 1, "card_device_new": 1}, Reason.FOREIGN_DEVICE),
        ({"device_cards_7d": 4}, Reason.SHARED_DEVICE),
    ],
)
def test_one_rule_sends_to_review_and_says_why(changes: dict[str, float], reason: Reason) -> None:
    """Each rule fires at its limit, alone."""
    decision, reasons = RuleBook(NAMES, LIMITS).decide(row(**changes))
    assert (decision.tolist(), reasons.tolist()) == ([Decision.REVIEW], [reason])


def test_two_rules_block_with_the_more_telling_reason() -> None:
    """A shared device with a high amount is blocked for the device."""
    decision, reason = RuleBook(NAMES, LIMITS).decide(row(device_cards_7d=9, amount=900.0, card_tx_1h=9))
    assert (decision.tolist(), reason.tolist()) == ([Decision.BLOCK], [Reason.SHARED_DEVICE])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"country_mismatch": 1, "amount": 100.0},
        {"card_device_new": 1},
        {"device_cards_7d": 40, "online": 0},
    ],
)
def test_a_quiet_transaction_is_approved(changes: dict[str, float]) -> None:
    """Nothing fires below the limits, nor for a foreign address on a known device, or a busy till."""
    decision, reason = RuleBook(NAMES, LIMITS).decide(row(**changes))
    assert (decision.tolist(), reason.tolist()) == ([Decision.APPROVE], [Reason.NO_RULE_FIRED])


def test_missing_values_fire_no_rule() -> None:
    """What is not known is no evidence."""
    decision, _ = RuleBook(NAMES, LIMITS).decide(np.full((1, len(NAMES)), np.nan, dtype=np.float32))
    assert decision.tolist() == [Decision.APPROVE]


def test_a_rule_whose_columns_are_not_assembled_is_left_out() -> None:
    """A file without devices has no device rules, and needs none."""
    book = RuleBook(("amount", "card_tx_1h"), LIMITS)
    assert [rule.reason for rule, _ in book.rules] == [Reason.CARD_VELOCITY, Reason.HIGH_AMOUNT]


def test_a_rule_without_a_limit_is_off() -> None:
    """Training switches a rule off that catches nothing at a bearable price."""
    book = RuleBook(NAMES, RuleLimits(None, None, None, None, None))
    assert book.decide(row(amount=1e6, card_tx_1h=99))[0].tolist() == [Decision.APPROVE]


def test_the_last_rung_reviews_what_is_not_small() -> None:
    """Without model and rules only the amount decides, and an unknown amount is reviewed."""
    decision, reason = decide_default(np.array([29.99, 30.0, np.nan]))
    assert decision.tolist() == [Decision.APPROVE, Decision.REVIEW, Decision.REVIEW]
    assert reason.tolist() == [Reason.SMALL_AMOUNT, Reason.NOT_SMALL, Reason.NOT_SMALL]
