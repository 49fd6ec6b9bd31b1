"""The whole of it: measure, fit, check."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from actors.work import Core, Job
from sim.calibration.check import Check, check
from sim.calibration.fit import Fitted, fit
from sim.calibration.measure import measure
from sim.calibration.meter import Samples
from sim.clocks.calibration import Calibration
from sim.clocks.costs import Costs
from sim.run.plan import Plan

Progress = Callable[[str, int, int], None]
"""Told the stage, ``measure`` or ``check``, how many steps of it are behind, and of how many."""

_CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration and what it rests on.

    Attributes:
        calibration: to be kept beside the model.
        fits: by field of `Costs`, in the order of the flow.
        check: whether they add up.
    """

    calibration: Calibration
    fits: dict[str, Fitted]
    check: Check


def calibrate(plan: Plan, progress: Progress) -> Calibrated:
    """Measure what each job of ``plan`` costs on this machine; takes seconds, longer on a busy machine.

    Args:
        plan: a synthetic scenario on the real clock.
        progress: told how far it is.
    """
    fits = fitted(measure(plan, partial(progress, "measure")))
    costs = Costs(**{name: each.cost for name, each in fits.items()})
    checked = check(plan, costs, partial(progress, "check"))
    calibration = Calibration(
        model=plan.artifact.manifest.digest,
        machine=machine_name(),
        costs=costs,
        points={name: each.points for name, each in fits.items()},
        predicted_per_s=checked.predicted_per_s,
        measured_per_s=checked.measured_per_s,
    )
    return Calibrated(calibration, fits, checked)


def fitted(samples: Samples) -> dict[str, Fitted]:
    """Return the fit of each job, by field of `Costs`."""
    keys = {name: (Job(name), Core.LOOP) for name in Costs.__struct_fields__ if name != "score_in_executor"}
    keys["score_in_executor"] = (Job.SCORE, Core.EXECUTOR)
    return {name: fit(samples[keys[name]]) for name in Costs.__struct_fields__}


def machine_name() -> str:
    """Return what this machine is, in words."""
    cpu = platform.machine()
    try:
        lines = _CPU_INFO.read_text().splitlines()
    except OSError:  # another system
        lines = []
    cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), cpu)
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
