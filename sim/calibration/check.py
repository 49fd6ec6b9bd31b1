"""Do the costs add up? What they predict on virtual time, against what the pipeline does on the real clock."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace

from sim.calibration.waiting import waiting
from sim.clocks.costs import Costs
from sim.run.plan import Plan
from sim.run.probe import measure_capacity

TOLERANCE = 0.10
ATTEMPTS = 3
BUSY_RATIO = 0.15  # of the time it wanted to run, spent waiting for a processor; a tenth is our own, on two cores


@dataclass(frozen=True, slots=True)
class Check:
    """What the costs predict, and what is so.

    Attributes:
        predicted_per_s: transactions a second on virtual time.
        measured_per_s: on the real clock, the median of several attempts.
        waited_ratio: how much of the time for which the event loop wanted the processor others had it; None where
            the system does not tell.
    """

    predicted_per_s: float
    measured_per_s: float
    waited_ratio: float | None

    @property
    def error_ratio(self) -> float:
        """How far the prediction is from the measurement; positive when it promises too much."""
        return self.predicted_per_s / self.measured_per_s - 1

    @property
    def agrees(self) -> bool:
        """Whether the prediction is within 10 %."""
        return abs(self.error_ratio) <= TOLERANCE

    @property
    def unhindered_per_s(self) -> float:
        """Roughly what would have been measured, had the processor been free whenever it was wanted."""
        return self.measured_per_s / (1 - min(self.waited_ratio or 0.0, 0.99))

    @property
    def busy(self) -> bool:
        """Whether others used the machine so much that no measurement can be trusted."""
        return self.waited_ratio is not None and self.waited_ratio > BUSY_RATIO


def check(plan: Plan, costs: Costs, report: Callable[[int, int], None]) -> Check:
    """Compare, with the median of several attempts: the pace has slow seconds in it too.

    Args:
        plan: a synthetic scenario on the real clock.
        costs: measured.
        report: told how many probes are behind, of how many.
    """
    report(0, 1 + ATTEMPTS)
    predicted = measure_capacity(replace(plan, clock="virtual", costs=costs))
    measured = []
    with waiting() as waited:
        for attempt in range(ATTEMPTS):
            report(1 + attempt, 1 + ATTEMPTS)
            measured.append(measure_capacity(plan))
    report(1 + ATTEMPTS, 1 + ATTEMPTS)
    return Check(predicted, statistics.median(measured), waited.ratio)
