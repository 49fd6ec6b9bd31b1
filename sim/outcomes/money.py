"""What decisions cost and saved, by the words of the summary: loss, prevented, false positives, review volume."""

from dataclasses import dataclass

import msgspec
import numpy as np

from actors.core.arrays import F64, I64, U8, Bool, where
from actors.core.batches import Decision

REVIEW_CATCH = 0.9  # share of reviewed fraud that the people who review it stop
UNKNOWN = 255  # label of a decision whose label is not known


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Decisions with what became of them, one row a decision; rows in any order.

    Attributes:
        arrival_ns: int64 (n,), intended arrival, ns since the run began: which phase or fault it belongs to.
        amount: float64 (n,), in units of the currency.
        score: float64 (n,) in [0, 1], NaN where no model scored.
        decision: uint8 (n,), `Decision`.
        label: uint8 (n,), 1 fraud, 0 legitimate, `UNKNOWN`.
    """

    arrival_ns: I64
    amount: F64
    score: F64
    decision: U8
    label: U8

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.decision)

    def during(self, start_ns: int, end_ns: int | None) -> "Outcomes":
        """Return those that arrived from ``start_ns`` on and before ``end_ns``; None is the end of the run."""
        inside = self.arrival_ns >= start_ns
        if end_ns is not None:
            inside &= self.arrival_ns < end_ns
        return self.where(inside)

    def scored_and_labelled(self) -> "Outcomes":
        """Return those that a model scored and whose label is known."""
        return self.where(~np.isnan(self.score) & (self.label <= 1))

    def where(self, rows: Bool) -> "Outcomes":
        """Return the rows that the mask ``rows``, bool (n,), picks; where they follow each other, without a copy."""
        at = where(rows)
        return Outcomes(self.arrival_ns[at], self.amount[at], self.score[at], self.decision[at], self.label[at])


class Business(msgspec.Struct, frozen=True, kw_only=True):
    """What decisions were worth, of those whose label is known; a ratio of nothing is None.

    Attributes:
        fraud_loss: amount of approved fraud.
        fraud_prevented: amount of blocked fraud, and 0.9 of that of reviewed fraud.
        fraud_amount: amount of all fraud.
        wrongly_blocked: amount of blocked legitimate transactions.
        wrongly_blocked_count: blocked legitimate transactions.
        false_positive_rate: blocked legitimate transactions, of all legitimate ones.
        review_volume: transactions sent to review, with or without a label.
        actual_fraud: fraud transactions.
        fraud_detected: those of them reviewed or blocked.
        recall: ``fraud_detected`` of ``actual_fraud``.
        precision: fraud, of what was reviewed or blocked.
        labelled: decisions whose label is known.
    """

    fraud_loss: float
    fraud_prevented: float
    fraud_amount: float
    wrongly_blocked: float
    wrongly_blocked_count: int
    false_positive_rate: float | None
    review_volume: int
    actual_fraud: int
    fraud_detected: int
    recall: float | None
    precision: float | None
    labelled: int


def business(outcomes: Outcomes, among: Bool | None = None) -> Business:
    """Return what the decisions in ``outcomes`` were worth, or only those that the mask ``among``, bool (n,), picks.

    The loss of reviewed fraud that review misses (a tenth) is in neither sum: `fraud_amount` is loss + prevented + it.
    """
    fraud, legitimate = outcomes.label == 1, outcomes.label == 0
    approved, reviewed, blocked = (outcomes.decision == kind for kind in Decision)
    if among is not None:
        fraud, legitimate, reviewed = fraud & among, legitimate & among, reviewed & among
    amount = outcomes.amount
    detected = fraud & ~approved
    stopped = (fraud | legitimate) & ~approved
    wrong = legitimate & blocked
    return Business(
        fraud_loss=_sum(amount, fraud & approved),
        fraud_prevented=_sum(amount, fraud & blocked) + REVIEW_CATCH * _sum(amount, fraud & reviewed),
        fraud_amount=_sum(amount, fraud),
        wrongly_blocked=_sum(amount, wrong),
        wrongly_blocked_count=_count(wrong),
        false_positive_rate=_ratio(wrong, legitimate),
        review_volume=_count(reviewed),
        actual_fraud=_count(fraud),
        fraud_detected=_count(detected),
        recall=_ratio(detected, fraud),
        precision=_ratio(detected, stopped),
        labelled=_count(fraud | legitimate),
    )


def dollars(amount: float, *, cents: bool = True, signed: bool = False) -> str:
    """Return an amount in full, as tables and pages say it.

    Args:
        amount: in units of the currency.
        cents: whether they are said.
        signed: whether more than nothing has a sign too, as a difference does.

    Example:
        >>> dollars(1_234.5), dollars(-3.2, cents=False), dollars(7.0, signed=True), dollars(-0.2, cents=False)
        ('$1,234.50', '−$3', '+$7.00', '$0')
    """
    digits = f"{abs(amount):,.2f}" if cents else f"{abs(amount):,.0f}"
    nothing = not digits.strip("0.")
    return f"{'' if nothing else '−' if amount < 0 else '+' if signed else ''}${digits}"


def _sum(amount: F64, rows: Bool) -> float:
    return float(amount[rows].sum())


def _count(rows: Bool) -> int:
    return int(np.count_nonzero(rows))


def _ratio(part: Bool, whole: Bool) -> float | None:
    return _count(part) / _count(whole) if whole.any() else None
