"""The whole of it: measure, fit, check."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from actors.work import Core, Job
from sim.calibration.check import Check, check
from sim.calibration.fit import fit
from sim.calibration.measure import measure
from sim.calibration.meter import Samples
from sim.calibration.pace import measure_pace
from sim.clocks.calibration import Calibration
from sim.clocks.costs import Costs
from sim.run.plan import Plan

Progress = Callable[[str, int, int], None]
"""Told the stage, ``measure``, ``pace`` or ``check``, how many steps of it are behind, and of how many."""

_CPU_INFO = Path("/proc/cpuinfo")


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


def machine_name() -> str:
    """Return what this machine is, in words."""
    cpu = platform.machine()
    try:
        lines = _CPU_INFO.read_text().splitlines()
    except OSError:  # another system
        lines = []
    cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), cpu)
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
