"""Pairs of runs made by hand."""

from collections.abc import Sequence

import numpy as np

from actors.core.batches import Decision, Mode
from sim.outcomes.decision_table import DecisionTable
from sim.twin.impact import Pairs, pair

MS = 1_000_000
SECOND = 1_000_000_000


def record(
    arrivals_ms: Sequence[int],
    *,
    degraded: Sequence[int] = (),
    blocked: Sequence[int] = (),
    latency_ms: int = 1,
    slow: Sequence[int] = (),
    fraud: Sequence[int] = (),
    amounts: Sequence[float] | None = None,
    ids: Sequence[str] | None = None,
) -> DecisionTable:
    """Return a run with a transaction at each instant; the others name rows, ``slow`` ones take 80 ms."""
    count = len(arrivals_ms)
    arrival = np.array(arrivals_ms, dtype=np.int64) * MS
    latency = np.full(count, latency_ms * MS)
    latency[list(slow)] = 80 * MS
    decision = np.full(count, Decision.APPROVE, dtype=np.uint8)
    decision[list(blocked)] = Decision.BLOCK
    mode = np.full(count, Mode.FULL, dtype=np.uint8)
    mode[list(degraded)] = Mode.REALTIME_ONLY
    truth = np.zeros(count, dtype=np.uint8)
    truth[list(fraud)] = 1
    return DecisionTable(
        number=np.arange(count),
        ids=list(ids) if ids is not None else [f"t{each}" for each in arrivals_ms],
        cards=["c"] * count,
        arrival_ns=arrival,
        latency_ns=latency,
        scoring_ns=latency,
        amount=np.array(amounts) if amounts is not None else np.full(count, 10.0),
        decision=decision,
        mode=mode,
        truth=truth,
    )


def paired(given: DecisionTable, otherwise: DecisionTable | None = None) -> Pairs:
    """Return ``given`` joined with ``otherwise``, by default with an undisturbed run of the same transactions."""
    if otherwise is None:
        otherwise = record((given.arrival_ns // MS).tolist(), ids=given.ids, amounts=given.amount.tolist())
    return pair(given, otherwise)
