"""Which transactions take the fast path: decided by rules, because the model would come too late for them."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import F64, I64, Bool


@dataclass(frozen=True, slots=True)
class SheddingConfig:
    """When the scorer takes a lower rung on purpose.

    Attributes:
        deadline_ns: from the intended arrival to the decision; None: there is none.
        shed_above: depth of the scorer's mailbox, in transactions, above which the excess is shed; None: never.
    """

    deadline_ns: int | None = None
    shed_above: int | None = None


class ServiceEstimate:
    """How long scoring a batch will take, learnt from the batches before it: a decayed mean cost of a row.

    Args:
        row_ns: cost of a row before anything was measured.
    """

    WEIGHT = 0.1  # of the newest batch: follows a slowdown within some ten batches

    def __init__(self, row_ns: float = 20_000.0) -> None:
        self.row_ns = row_ns

    def of(self, count: int) -> int:
        """Return the expected time for ``count`` rows, ns."""
        return int(self.row_ns * count)

    def learn(self, count: int, took_ns: int) -> None:
        """Take a measured batch into account."""
        if count:
            self.row_ns += self.WEIGHT * (took_ns / count - self.row_ns)


def overdue(arrival_ns: I64, done_ns: int, deadline_ns: int | None) -> Bool:
    """Return which transactions would miss their deadline if the model answered at ``done_ns``, bool (n,)."""
    if deadline_ns is None:
        return np.zeros(len(arrival_ns), dtype=np.bool_)
    return arrival_ns + deadline_ns < done_ns


def least_valuable(amount: F64, count: int) -> Bool:
    """Return the ``count`` transactions with the least amount at risk, bool (n,); of equal amounts the earlier ones."""
    mask = np.zeros(len(amount), dtype=np.bool_)
    if count > 0:
        mask[np.argsort(amount, kind="stable")[:count]] = True
    return mask
