"""What a fault changed: two runs of one scenario joined by transaction id, and compared in the fault's window."""

from dataclasses import dataclass

import msgspec
import numpy as np

from actors.core.arrays import F64, I64, U8, Bool
from actors.core.batches import Decision, Mode
from actors.core.clock import NS_PER_S
from sim.outcomes.decision_table import DecisionTable
from sim.outcomes.money import Outcomes, business

PROMISES_NS = (10_000_000, 50_000_000)  # what is promised of latency at p50 and at p95: in time, slow, late


@dataclass(frozen=True, slots=True)
class Side:
    """One run's part in the pairs; rows are aligned with the other run's.

    Attributes:
        outcomes: decisions with their truth. Arrivals are those of the run with the faults, on both sides.
        mode: uint8 (n,), `Mode`.
        latency_class: uint8 (n,), 0 within the promise at p50, 1 within that at p95, 2 later.
    """

    outcomes: Outcomes
    mode: U8
    latency_class: U8

    def where(self, rows: Bool) -> "Side":
        """Return the rows that the mask ``rows``, bool (n,), picks."""
        return Side(self.outcomes.where(rows), self.mode[rows], self.latency_class[rows])


@dataclass(frozen=True, slots=True)
class Pairs:
    """The transactions that both runs decided, and those that only one did; each in the order of arrival.

    Attributes:
        ids: of the pairs.
        arrival_ns: int64 (n,), intended arrival, ns since the run began.
        decided_ns: int64 (n,), the decision in the run with the faults.
        given: the run with the faults.
        otherwise: the run it is compared with.
        only_given: decided in the run with the faults alone.
        only_otherwise: decided in the other run alone.
    """

    ids: list[str]
    arrival_ns: I64
    decided_ns: I64
    given: Side
    otherwise: Side
    only_given: Outcomes
    only_otherwise: Outcomes

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.ids)

    @property
    def differ(self) -> Bool:
        """Which pairs differ in mode, decision or latency class, bool (n,)."""
        given, otherwise = self.given, self.otherwise
        differ: Bool = given.outcomes.decision != otherwise.outcomes.decision
        differ |= (given.mode != otherwise.mode) | (given.latency_class != otherwise.latency_class)
        return differ


def pair(given: DecisionTable, otherwise: DecisionTable) -> Pairs:
    """Return the decisions of two runs, joined by transaction id.

    Args:
        given: of the run with the faults.
        otherwise: of the run to compare it with.
    """
    there = {name: row for row, name in enumerate(otherwise.ids)}
    here = np.argsort(given.arrival_ns, kind="stable")
    partner = np.array([there.get(given.ids[row], -1) for row in here.tolist()], dtype=np.int64)
    ours, theirs = here[partner >= 0], partner[partner >= 0]
    alone = np.ones(len(otherwise), dtype=np.bool_)
    alone[theirs] = False
    left = np.flatnonzero(alone)
    arrival_ns = given.arrival_ns[ours]
    return Pairs(
        ids=[given.ids[row] for row in ours.tolist()],
        arrival_ns=arrival_ns,
        decided_ns=arrival_ns + given.latency_ns[ours],
        given=_side(given, ours, arrival_ns),
        otherwise=_side(otherwise, theirs, arrival_ns),
        only_given=_outcomes(given, here[partner < 0], given.arrival_ns[here[partner < 0]]),
        only_otherwise=_outcomes(otherwise, left, otherwise.arrival_ns[left]),
    )


def _side(record: DecisionTable, rows: I64, arrival_ns: I64) -> Side:
    classes = np.searchsorted(PROMISES_NS, record.latency_ns[rows]).astype(np.uint8)
    return Side(_outcomes(record, rows, arrival_ns), record.mode[rows], classes)


def _outcomes(record: DecisionTable, rows: I64, arrival_ns: I64) -> Outcomes:
    unscored = np.full(len(rows), np.nan)  # scores take no part in money
    return Outcomes(arrival_ns, record.amount[rows], unscored, record.decision[rows], record.truth[rows])


class AmountSum(msgspec.Struct, frozen=True):
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
    fraud_let_through: AmountSum
    fraud_caught: AmountSum
    good_blocked: AmountSum
    good_spared: AmountSum
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
        fraud_let_through=_sum(now.amount, fraud & approved_now & ~approved_then),
        fraud_caught=_sum(now.amount, fraud & ~approved_now & approved_then),
        good_blocked=_sum(now.amount, good & blocked_now & ~blocked_then),
        good_spared=_sum(now.amount, good & ~blocked_now & blocked_then),
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


def _sum(amount: F64, rows: Bool) -> AmountSum:
    return AmountSum(int(np.count_nonzero(rows)), _dollars(float(amount[rows].sum())))


QUIET_NS = NS_PER_S  # of arrivals without a difference: longer than any batch, shorter than the pause between faults


@dataclass(frozen=True, slots=True)
class ImpactWindow:
    """The window of a fault, ns since the run began: transactions that arrived from ``start_ns`` on, before ``end_ns``.

    Attributes:
        start_ns: the injection; earlier by those transactions that still waited for their decision then, and for which
            it came out differently.
        end_ns: the first instant, not before the lift, from which for a second of arrivals the two runs agree in mode,
            decision and latency class; the end of the run if there is none.
        recovered: whether there is one.
    """

    start_ns: int
    end_ns: int
    recovered: bool

    def rows(self, arrival_ns: I64) -> Bool:
        """Return which arrivals are in the window, bool (n,)."""
        inside: Bool = (arrival_ns >= self.start_ns) & (arrival_ns < self.end_ns)
        return inside

    def overlaps(self, other: "ImpactWindow") -> bool:
        """Return whether the two have an instant in common."""
        return self.start_ns < other.end_ns and other.start_ns < self.end_ns


def window(pairs: Pairs, injected_ns: int, lifted_ns: int, run_ns: int) -> ImpactWindow:
    """Return the window of a fault.

    A second of arrivals that the end of the run cuts short counts, as long as anything is left of it. A transaction
    that only one of the runs decided is a difference at its arrival.

    Args:
        pairs: the run with the fault, and the one it is compared with.
        injected_ns: when the fault was injected.
        lifted_ns: when it was lifted; for a one-shot, when it was injected.
        run_ns: the end of the run.
    """
    differ = pairs.differ
    waiting = differ & (pairs.arrival_ns < injected_ns) & (pairs.decided_ns >= injected_ns)
    start_ns = int(pairs.arrival_ns[waiting].min(initial=injected_ns))
    alone = (pairs.only_given.arrival_ns, pairs.only_otherwise.arrival_ns)
    instants = np.unique(np.concatenate([pairs.arrival_ns[differ], *alone]))
    end_ns = lifted_ns
    for instant_ns in instants[instants >= lifted_ns].tolist():
        if instant_ns >= end_ns + QUIET_NS:
            break
        end_ns = instant_ns + 1
    return ImpactWindow(start_ns, min(end_ns, run_ns), recovered=end_ns < run_ns)
