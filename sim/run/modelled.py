"""The machine that a run on the virtual clock is on: what the scenario says, what was measured, or a guess."""

from dataclasses import dataclass

from actors.clock import NS_PER_US
from actors.model.artifact import Artifact
from sim.clocks.calibration import read_calibration
from sim.clocks.costs import Cost, Costs
from sim.clocks.look_up import LookUpTime
from sim.scenario.look_up import ConstantLookUp, LognormalLookUp
from sim.scenario.machine import JobCost, Machine
from sim.scenario.scenario import Scenario

GUESSED = "job times are a guess, not measured: python -m sim calibrate --model {folder}"
OTHER_MODEL = "job times were measured with another model and are not used: python -m sim calibrate --model {folder}"

OTHER_ENGINE = (
    "job times were measured with the engine {engine} and are not used: python -m sim calibrate --model {folder}"
)


@dataclass(frozen=True, slots=True)
class ModelledMachine:
    """What takes time on the virtual clock.

    Attributes:
        costs: of each job.
        noise: sigma of the logarithm of job times; 0 none.
        warnings: why the costs are not what they should be; one line at most.
    """

    costs: Costs
    noise: float = 0.0
    warnings: tuple[str, ...] = ()


def modelled_machine(scenario: Scenario, artifact: Artifact) -> ModelledMachine:
    """Return the machine for ``scenario``: its own costs first, then those beside the model, then the defaults.

    Raises:
        ArtifactError: there are costs beside the model, and they cannot be read.
    """
    said = scenario.machine or Machine()
    given = {name: getattr(said.costs, name) for name in said.costs.__struct_fields__}
    given = {name: _cost(cost) for name, cost in given.items() if cost is not None}
    if len(given) == len(said.costs.__struct_fields__):
        return ModelledMachine(Costs(**given), said.noise)
    measured, warnings = _measured(artifact)
    costs = Costs(**{name: given.get(name, getattr(measured, name)) for name in Costs.__struct_fields__})
    return ModelledMachine(costs, said.noise, warnings)


def look_up_time(scenario: Scenario) -> LookUpTime | None:
    """Return how long look-ups take, on either clock; None: as long as the store in memory needs."""
    said = scenario.pipeline.feature_store.look_up
    match said:
        case None:
            return None
        case ConstantLookUp():
            median_ns, sigma = said.time, 0.0
        case LognormalLookUp():
            median_ns, sigma = said.median, said.sigma
        case _:
            raise AssertionError(f"no look-up of kind {said.kind}")
    return LookUpTime(
        median_us=median_ns / NS_PER_US, sigma=sigma, tail_ratio=said.tail_ratio, tail_us=said.tail / NS_PER_US
    )


def _measured(artifact: Artifact) -> tuple[Costs, tuple[str, ...]]:
    found = read_calibration(artifact.folder)
    if found is None:
        return Costs(), (GUESSED.format(folder=artifact.folder),)
    if found.model != artifact.manifest.digest:
        return Costs(), (OTHER_MODEL.format(folder=artifact.folder),)
    if found.engine != artifact.engine.kind:
        return Costs(), (OTHER_ENGINE.format(engine=found.engine, folder=artifact.folder),)
    return found.costs, ()


def _cost(said: JobCost) -> Cost:
    return Cost(said.fixed / NS_PER_US, said.per_row / NS_PER_US)
