"""Which transactions take the fast path: decided by rules, because the model would come too late for them."""

import numpy as np

from actors.core.arrays import F64, I64, Bool
from actors.core.clock import NS_PER_S

BATCH_SHARE = 0.25  # of the deadline, for a batch that must be cut
RESERVE = 1.5  # of the expected time is planned with: batches vary, and others use the machine too
DOUBT_NS = NS_PER_S  # a try a second costs one decision of the least amount, and finds a model that is quick again


class ServiceEstimate:
    """How long scoring a batch will take, learnt from those before it: ``fixed + row · n``, by decayed regression.

    A mean cost of a row would not do: it is higher in small batches, so whoever cut batches by it would cut the next
    one shorter still, until each held one row. While all batches are of one size, what is not known apart counts as
    fixed, which makes the next batch larger, and that tells.

    Args:
        row_ns: cost of a row before anything was measured.

    Example:
        >>> estimate = ServiceEstimate()
        >>> for rows in (1, 50, 200, 20, 120) * 20:
        ...     estimate.learn(rows, 3_000_000 + 40_000 * rows)
        >>> round(estimate.fixed_ns), round(estimate.row_ns), estimate.of(100)
        (3000000, 40000, 7000000)
    """

    WEIGHT = 0.1  # of the newest batch: follows a slowdown within some ten batches
    SPREAD = 0.1  # of batch sizes, of their mean, from which on the cost of a row can be told

    def __init__(self, row_ns: float = 20_000.0) -> None:
        self.row_ns = row_ns
        self.fixed_ns = 0.0
        self._rows = 1.0
        self._took_ns = row_ns
        self._variance = 0.0
        self._covariance = 0.0
        self._doubted_ns: int | None = None
        self._believing = True  # the first measurement, or one that was made in doubt

    def of(self, count: int) -> int:
        """Return the expected time for ``count`` rows, > 0, ns."""
        return int(self.fixed_ns + self.row_ns * count)

    def plan(self, count: int) -> int:
        """Return the time to plan with for ``count`` rows, ns: with a reserve."""
        return int(RESERVE * self.of(count))

    def learn(self, count: int, took_ns: int) -> None:
        """Take a measured batch into account."""
        if not count:
            return
        if self._believing:
            self._rows, self._took_ns, self._variance, self._covariance = count, took_ns, 0.0, 0.0
        self._doubted_ns, self._believing = None, False
        rows_off, took_off, keep = count - self._rows, took_ns - self._took_ns, 1.0 - self.WEIGHT
        self._rows += self.WEIGHT * rows_off
        self._took_ns += self.WEIGHT * took_off
        self._variance = keep * (self._variance + self.WEIGHT * rows_off * rows_off)
        self._covariance = keep * (self._covariance + self.WEIGHT * rows_off * took_off)
        self._split()

    def doubted(self, now_ns: int) -> bool:
        """Return whether to score one all the same; asked when the estimate says that none would be in time.

        While nothing is measured an estimate never changes: one slow batch would end scoring for good. So once a
        second it is put to the test, and what the test takes is believed.
        """
        if self._doubted_ns is None:
            self._doubted_ns = now_ns
        if now_ns - self._doubted_ns < DOUBT_NS:
            return False
        self._doubted_ns, self._believing = now_ns, True
        return True

    def _split(self) -> None:
        """Tell what a batch costs from what its rows do."""
        if self._variance > (self.SPREAD * self._rows) ** 2:
            self.row_ns = self._covariance / self._variance
        self.row_ns = min(max(self.row_ns, 1.0), self._took_ns / self._rows)
        self.fixed_ns = self._took_ns - self.row_ns * self._rows


def too_late(slack_ns: I64, amount: F64, deadline_ns: int, estimate: ServiceEstimate) -> Bool:
    """Return which go to the rules, the oldest, then the least valuable, so that the model answers the others in time.

    A batch that would be late is cut to a quarter of the deadline, so that what arrives while it is scored still has
    three quarters of its own. Were it cut to what just fits, the next batch would be too late as a whole, the most
    valuable included; with short batches the model serves as many, and always the most valuable. A batch may always
    take twice its fixed cost, the time that it costs however few its rows are.

    Args:
        slack_ns: int64 (n,), from now to each one's deadline; below 0 it has passed.
        amount: float64 (n,), at risk.
        deadline_ns: from arrival to decision.
        estimate: how long scoring takes.

    Returns:
        bool (n,), False for those that are scored together.
    """
    together_ns = RESERVE * (estimate.fixed_ns + estimate.row_ns * np.arange(1, len(slack_ns) + 1))
    fitting = int(np.count_nonzero(np.sort(slack_ns)[::-1] >= together_ns))  # so many have the time that they take
    budget_ns = max(BATCH_SHARE * deadline_ns, 2 * estimate.fixed_ns)
    count = max(1, min(fitting, int((budget_ns - estimate.fixed_ns) / estimate.row_ns)))
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
