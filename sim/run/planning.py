"""From a scenario and a model to a plan: what arrives, on which machine, shares of capacity resolved."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from actors.core.clock import NS_PER_US
from actors.model.artifact import Artifact
from actors.model.manifest import Manifest
from dashboard.frame import Notice
from sim.clocks.calibration_file import read_calibration
from sim.clocks.costs import Cost, Costs
from sim.clocks.modelled_waits import LookUpTime
from sim.installation import PROGRAM
from sim.judging.abort import unheeded
from sim.kernel_warm_up import make_ready
from sim.run.model_choice import find_candidates
from sim.run.plan import FileLoad, Load, Plan, TopicLoad, load_of, needs_capacity
from sim.scenario.machine import JobCost, MachineSettings
from sim.scenario.pace import unworkable
from sim.scenario.pipeline import ConstantLookUp, LognormalLookUp
from sim.scenario.problems import LateProblemError
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Cut

CALIBRATE = f"{PROGRAM} calibrate --model {{folder}}"
GUESSED = f"job times are a guess, not measured: {CALIBRATE}"
OTHER_MODEL = f"job times were measured with another model and are not used: {CALIBRATE}"
OTHER_ENGINE = f"job times were measured with the engine {{engine}} and are not used: {CALIBRATE}"


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
    said = scenario.machine or MachineSettings()
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


MADE_UP = "synthetic world"  # how a manifest begins to say what its model was trained on
GUESS_PER_S = 50_000.0  # stands for the capacity until it is measured; a scenario without shares of it never asks


def prepare(
    shorter: Cut,
    artifact: Artifact,
    folder: Path,
    announce: Callable[[Notice], None] = lambda _: None,
    load: Load | None = None,
    *,
    with_capacity: bool = False,
) -> Plan:
    """Return the plan of a run.

    Args:
        shorter: what is run, cut or whole; its clock decides on which one.
        artifact: the model that serves, on whichever engine; the scenario says on which.
        folder: where the run's files go.
        announce: told of what takes its time: training a model that a step releases, measuring the capacity.
        load: what arrives, where that is known already; None finds out.
        with_capacity: whether to measure what the pipeline can do even if no rate is a share of it.

    Raises:
        TrainingRefused: a model that a step releases had to be trained and missed its gates.
        LateProblemError: the scenario asks for what this model or this machine does not have.
        ArtifactError: its engine cannot take the model.
        InputError: the scenario's transactions cannot be used, or what was measured with the model.
    """
    scenario = shorter.scenario
    not_kept = make_ready(announce)
    artifact = artifact.served_by(scenario.pipeline.scorer.engine)
    on_virtual_clock = scenario.clock == "virtual"
    modelled = modelled_machine(scenario, artifact) if on_virtual_clock else ModelledMachine(Costs())
    arriving = load or load_of(scenario, GUESS_PER_S)
    draft = Plan(
        scenario=scenario,
        artifact=artifact,
        clock=scenario.clock,
        load=arriving,
        folder=folder,
        cut=shorter,
        candidates=find_candidates(scenario, artifact, announce),
        started_epoch_s=_now_epoch_s(scenario),
        warnings=(
            *filter(None, [artifact.fallback]),
            *modelled.warnings,
            *not_kept,
            *_of_another_world(arriving, artifact.manifest),
            *unheeded(scenario),
        ),
        costs=modelled.costs,
        noise=modelled.noise,
        look_up=look_up_time(scenario),
    )
    refuse_known_transactions(draft.load, artifact.manifest)
    if not needs_capacity(scenario) and not with_capacity:
        return draft
    from sim.run.capacity import measure_capacity

    announce(Notice(title="measuring what this machine can do", detail="the whole path, as fast as it goes"))
    capacity = measure_capacity(draft)
    wrong = unworkable(scenario, capacity)
    if wrong is not None:
        raise LateProblemError("world.speed", wrong.rule, wrong.got, wrong.remedy)
    return replace(draft, load=load_of(scenario, capacity), capacity_per_s=capacity)


def _of_another_world(load: Load, manifest: Manifest) -> tuple[str, ...]:
    """Return a line where other people's messages are scored by a model of the synthetic world."""
    if not isinstance(load, TopicLoad) or not manifest.source.startswith(MADE_UP):
        return ()
    told = f"model {manifest.digest} is of the {manifest.source}, and knows nothing of other people's messages"
    return (f"{told}; train one on data like theirs and name it with --model",)


def refuse_known_transactions(load: Load, manifest: Manifest) -> None:
    """Refuse to replay what the model's own history holds already: windows and risks would know what is still to come.

    Raises:
        LateProblemError: the replay starts before the end of that history, and both are of the same file.
    """
    if not isinstance(load, FileLoad):
        return
    file = load.traffic.spec.file.name
    if load.start_us < manifest.state_end_us and manifest.source.startswith(f"{file},"):
        start, end = (
            dt.datetime.fromtimestamp(at_us / 1e6, dt.UTC).isoformat(" ", "minutes")
            for at_us in (load.start_us, manifest.state_end_us)
        )
        rule = f"must not lie before {end}, where the history of model {manifest.digest} ends and knows what is to come"
        raise LateProblemError("events.from", rule, start, "start later, or train with an earlier test span")


def _now_epoch_s(scenario: Scenario) -> float:
    """Return the wall time, for the latency log; 0 on virtual time, so that the file is the same each time."""
    return time.time() if scenario.clock == "real" else 0.0  # noqa: TID251 - when it was, for people
