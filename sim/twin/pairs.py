"""Two runs of one scenario, joined by transaction id."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import I64, U8, Bool
from sim.money import Outcomes
from sim.run.record import Record

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


def pair(given: Record, otherwise: Record) -> Pairs:
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


def _side(record: Record, rows: I64, arrival_ns: I64) -> Side:
    classes = np.searchsorted(PROMISES_NS, record.latency_ns[rows]).astype(np.uint8)
    return Side(_outcomes(record, rows, arrival_ns), record.mode[rows], classes)


def _outcomes(record: Record, rows: I64, arrival_ns: I64) -> Outcomes:
    unscored = np.full(len(rows), np.nan)  # scores take no part in money
    return Outcomes(arrival_ns, record.amount[rows], unscored, record.decision[rows], record.truth[rows])
