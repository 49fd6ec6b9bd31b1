"""A scenario made ready for trials: on the virtual clock, with its model found and its rates in figures."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.frame import Notice
from sim.first_use import compile_first
from sim.run.command import shorten
from sim.run.load import needs_capacity
from sim.run.model_choice import find_model
from sim.scenario.cut import Cut
from sim.scenario.load import load, placing

VIRTUAL = "clock=virtual"


@dataclass(frozen=True, slots=True)
class Settled:
    """A scenario that can be run at once, and again by the same words.

    Attributes:
        file: of the scenario.
        overrides: ``PATH=VALUE`` each, the user's first; rates that were shares of capacity are figures in them.
        duration: where runs are cut, as written.
        shorter: the scenario that these make.
        model: folder of its model.
    """

    file: Path
    overrides: tuple[str, ...]
    duration: str | None
    shorter: Cut
    model: Path

    def with_overrides(self, more: Sequence[str]) -> "Settled":
        """Return the scenario with further overrides.

        Raises:
            ScenarioError: they make it invalid.
        """
        overrides = (*self.overrides, *more)
        shorter = shorten(load(self.file, (*overrides, VIRTUAL)), self.duration)
        return Settled(self.file, overrides, self.duration, shorter, self.model)


def settle(
    file: Path,
    overrides: Sequence[str],
    duration: str | None,
    model: Path | None,
    announce: Callable[[Notice], None],
) -> Settled:
    """Return the scenario in ``file``, ready; a model is trained, code compiled and the capacity measured if need be.

    Raises:
        InputError: something of it cannot be used.
        TrainingRefused: a model had to be trained and missed its gates.
    """
    scenario = load(file, (*overrides, VIRTUAL), needs_model=model is None)
    shorter = shorten(scenario, duration)
    settled = Settled(file, tuple(overrides), duration, shorter, find_model(scenario, model, announce))
    compile_first(announce)
    return settled.with_overrides(_rates(settled, announce)) if needs_capacity(scenario) else settled


def _rates(settled: Settled, announce: Callable[[Notice], None]) -> list[str]:
    """Return overrides that say in figures what the scenario says in shares of capacity.

    The virtual pipeline's capacity is measured once; measured for each seed it would differ a little between them.
    """
    from actors.model.verification import load_verified
    from sim.run.prepare import prepare

    with tempfile.TemporaryDirectory(prefix="riskdrill-probe-") as folder, placing(settled.file, settled.overrides):
        plan = prepare(settled.shorter, load_verified(settled.model), Path(folder), announce)
    capacity = plan.capacity_per_s or 0.0
    return [
        f"phases.{phase.name}.{key}={rate.resolve(capacity):.6g}"
        for phase in plan.scenario.phases
        for key, rate in (("rate", phase.rate), ("ramp_to", phase.ramp_to))
        if rate is not None and rate.of_capacity is not None
    ]
