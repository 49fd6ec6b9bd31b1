"""A calibration from start to end: measure, fit, check that the costs add up."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate

import msgspec

from actors.core.work import Core, Job
from sim.calibration.measure import measure
from sim.calibration.meter import Samples, waiting
from sim.calibration.pace import measure_pace
from sim.clocks.calibration_file import Calibration
from sim.clocks.costs import Cost, Costs
from sim.report.provenance import machine_name
from sim.run.capacity import measure_capacity
from sim.run.plan import Plan


def fit(samples: Mapping[int, Sequence[int]]) -> Cost:
    """Return the cost of a job.

    A batch never costs less than a smaller one, whatever noise says. Larger ones than were measured go on as the last
    stretch does.

    Args:
        samples: ns of each measured batch, by its size; at least two sizes. The first quarter of each size is left
            out: caches and branch predictors settle.
    """
    sizes = sorted(samples)
    times_us = list(accumulate((_median_us(samples[rows]) for rows in sizes), max))
    per_row_us = (times_us[-1] - times_us[-2]) / (sizes[-1] - sizes[-2])
    fixed_us = max(0.0, times_us[-1] - per_row_us * sizes[-1])
    return Cost(fixed_us, (times_us[-1] - fixed_us) / sizes[-1], tuple(zip(sizes, times_us, strict=True)))


def _median_us(times: Sequence[int]) -> float:
    settled = times[len(times) // 4 :]
    return statistics.median(settled) / 1_000


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


Progress = Callable[[str, int, int], None]
"""Told the stage, ``measure``, ``pace`` or ``check``, how many steps of it are behind, and of how many."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration and what it is worth.

    Attributes:
        calibration: to be kept beside the model.
        check: whether they add up.
    """

    calibration: Calibration
    check: Check


def calibrate(plan: Plan, progress: Progress) -> Calibrated:
    """Measure what each job of ``plan`` costs on this machine; takes seconds, longer on a busy machine.

    Args:
        plan: a synthetic scenario on the real clock.
        progress: told how far it is.
    """
    costs = measured_costs(plan, progress)
    checked = check(plan, costs, partial(progress, "check"))
    calibration = Calibration(
        model=plan.artifact.manifest.digest,
        engine=plan.artifact.engine.kind,
        machine=machine_name(),
        costs=costs,
        predicted_per_s=checked.predicted_per_s,
        measured_per_s=checked.measured_per_s,
    )
    return Calibrated(calibration, checked)


def measured_costs(plan: Plan, progress: Progress) -> Costs:
    """Return what each job of ``plan`` costs on this machine, and its pace."""
    alone = costs_of(measure(plan, partial(progress, "measure")))
    return msgspec.structs.replace(alone, pace=measure_pace(plan, alone, partial(progress, "pace")))


def costs_of(samples: Samples) -> Costs:
    """Return what each job costs one at a time."""
    costs = {job.value: fit(by_size) for (job, core), by_size in samples.items() if core is not Core.EXECUTOR}
    return msgspec.structs.replace(Costs(), **costs, score_in_executor=fit(samples[Job.SCORE, Core.EXECUTOR]))
