"""How many decisions came in time, and whether the transactions with the most at risk are among them."""

import msgspec
import numpy as np

from actors.arrays import F64, I64, Bool

DEADLINE_NS = 50_000_000  # where a scenario sets none: what is promised at p95
TOP = 0.1  # share of the transactions that is looked at apart, by amount
FEWEST = 10  # decisions without which a tenth is nobody


class Timeliness(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of decisions, None of too few.

    Attributes:
        on_time_ratio: decided by the deadline, in whatever mode, of all.
        top_on_time_ratio: the same of the tenth with the largest amounts.
        top_scored_ratio: decided by the deadline and by the model, of that tenth.
    """

    on_time_ratio: float | None = None
    top_on_time_ratio: float | None = None
    top_scored_ratio: float | None = None


def timeliness(amount: F64, latency_ns: I64, scored: Bool, deadline_ns: int | None) -> Timeliness:
    """Return the shares of the decisions given, one row each; amounts equal to the least of the tenth belong to it.

    Args:
        amount: float64 (n,), of the transaction.
        latency_ns: int64 (n,), from the intended arrival to the decision.
        scored: bool (n,), whether the model decided.
        deadline_ns: for the decision; None: what is promised at p95.

    Example:
        >>> amount, latency_ns = np.arange(20.0), np.arange(20) * 1_000_000
        >>> timeliness(amount, latency_ns, amount < 19, 18_000_000)
        Timeliness(on_time_ratio=0.95, top_on_time_ratio=0.5, top_scored_ratio=0.5)
    """
    if len(amount) < FEWEST:
        return Timeliness()
    in_time = latency_ns <= (DEADLINE_NS if deadline_ns is None else deadline_ns)
    count = round(TOP * len(amount))
    top = amount >= np.partition(amount, -count)[-count]
    return Timeliness(
        on_time_ratio=float(in_time.mean()),
        top_on_time_ratio=float(in_time[top].mean()),
        top_scored_ratio=float((in_time & scored)[top].mean()),
    )
