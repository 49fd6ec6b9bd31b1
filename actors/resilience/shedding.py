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


BATCH_SHARE = 0.25  # of the deadline, for a batch that must be cut


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


def too_late(slack_ns: I64, amount: F64, deadline_ns: int, estimate: ServiceEstimate) -> Bool:
    """Return whom to decide by rules so that the model answers the others in time: the oldest, then the least valuable.

    A batch that would be late is cut to a quarter of the deadline: whoever arrives while it is scored then still has
    three quarters of his own. Were it cut to what just fits, the next batch would be too late as a whole, the most
    valuable included; with short batches the model serves as many, and always the most valuable.

    Args:
        slack_ns: int64 (n,), from now to each one's deadline; below 0 it has passed.
        amount: float64 (n,), at risk.
        deadline_ns: from arrival to decision.
        estimate: how long scoring takes.

    Returns:
        bool (n,), False for those who are scored together.
    """
    together_ns = estimate.row_ns * np.arange(1, len(slack_ns) + 1)
    fitting = int(np.count_nonzero(np.sort(slack_ns)[::-1] >= together_ns))  # so many have the time that so many take
    count = max(1, min(fitting, int(BATCH_SHARE * deadline_ns / estimate.row_ns)))
    late: Bool = slack_ns < together_ns[count - 1]
    in_time = np.flatnonzero(~late)
    late[in_time[least_valuable(amount[in_time], len(in_time) - count)]] = True
    return late


def least_valuable(amount: F64, count: int) -> Bool:
    """Return the ``count`` transactions with the least amount at risk, bool (n,); of equal amounts the earlier ones."""
    mask = np.zeros(len(amount), dtype=np.bool_)
    if count > 0:
        mask[np.argsort(amount, kind="stable")[:count]] = True
    return mask
