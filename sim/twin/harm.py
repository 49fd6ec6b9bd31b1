"""What a fault changed among the transactions of its window."""

import msgspec
import numpy as np

from actors.arrays import F64, U8, Bool
from actors.messages import Decision, Mode
from sim.money import business
from sim.twin.pairs import Pairs


class Tally(msgspec.Struct, frozen=True):
    """Some transactions: how many, and their amount."""

    count: int
    amount: float


class Harm(msgspec.Struct, frozen=True, kw_only=True):
    """What the run with the fault did otherwise than its twin, among the transactions that both decided.

    Attributes:
        compared: transactions that both runs decided.
        differing: those of them with another mode, decision or latency class.
        flips: decisions that changed, by kind, as in ``approve_to_block``: from the twin to the run with the fault.
        modes: modes that changed, by kind, as in ``full_to_realtime_only``.
        later: transactions in a worse latency class: over 10 ms, or over 50 ms.
        fraud_let_through: fraud approved with the fault, and reviewed or blocked without it.
        fraud_caught: the reverse: fraud that only the run with the fault reviewed or blocked.
        good_blocked: legitimate transactions blocked with the fault, and not without it.
        good_spared: the reverse.
        fraud_loss: amount of approved fraud, with the fault less without it; so are the next two.
        fraud_prevented: amount of blocked fraud, and 0.9 of that of reviewed fraud.
        wrongly_blocked: amount of blocked legitimate transactions.
    """

    compared: int
    differing: int
    flips: dict[str, int]
    modes: dict[str, int]
    later: int
    fraud_let_through: Tally
    fraud_caught: Tally
    good_blocked: Tally
    good_spared: Tally
    fraud_loss: float
    fraud_prevented: float
    wrongly_blocked: float


def harm(pairs: Pairs, rows: Bool) -> Harm:
    """Return what differs among those ``pairs`` that the mask ``rows``, bool (n,), picks."""
    given, otherwise = pairs.given.where(rows), pairs.otherwise.where(rows)
    now, then = given.outcomes, otherwise.outcomes
    fraud, good = now.label == 1, now.label == 0
    approved_now, approved_then = now.decision == Decision.APPROVE, then.decision == Decision.APPROVE
    blocked_now, blocked_then = now.decision == Decision.BLOCK, then.decision == Decision.BLOCK
    worth_now, worth_then = business(now), business(then)
    return Harm(
        compared=len(now),
        differing=int(np.count_nonzero(pairs.differ & rows)),
        flips=_changes(then.decision, now.decision, [each.label for each in Decision]),
        modes=_changes(otherwise.mode, given.mode, [each.label for each in Mode]),
        later=int(np.count_nonzero(given.latency_class > otherwise.latency_class)),
        fraud_let_through=_tally(now.amount, fraud & approved_now & ~approved_then),
        fraud_caught=_tally(now.amount, fraud & ~approved_now & approved_then),
        good_blocked=_tally(now.amount, good & blocked_now & ~blocked_then),
        good_spared=_tally(now.amount, good & ~blocked_now & blocked_then),
        fraud_loss=_dollars(worth_now.fraud_loss - worth_then.fraud_loss),
        fraud_prevented=_dollars(worth_now.fraud_prevented - worth_then.fraud_prevented),
        wrongly_blocked=_dollars(worth_now.wrongly_blocked - worth_then.wrongly_blocked),
    )


def _changes(before: U8, after: U8, labels: list[str]) -> dict[str, int]:
    """Return how often each label became another, those that did, in the order of the labels."""
    size = len(labels)
    counts = np.bincount(before.astype(np.int64) * size + after, minlength=size * size).reshape(size, size)
    return {
        f"{labels[old]}_to_{labels[new]}": int(counts[old, new])
        for old in range(size)
        for new in range(size)
        if old != new and counts[old, new]
    }


def _dollars(difference: float) -> float:
    """Return a difference of two sums without what rounding left of amounts that cancel out."""
    return round(difference, 6) + 0.0  # the sum turns -0.0 into 0.0


def _tally(amount: F64, rows: Bool) -> Tally:
    return Tally(int(np.count_nonzero(rows)), _dollars(float(amount[rows].sum())))
