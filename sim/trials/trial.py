"""One run on the virtual clock that no one watches, of a scenario made ready for it."""

import gc
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from actors.model.artifact import Artifact
from actors.model.verification import load_verified
from actors.pipeline import Pipeline
from actors.telemetry.alerts.engine import AlertEngine
from dashboard.frame import Notice
from sim.kernel_warm_up import compile_first
from sim.outcomes.decision_table import DecisionTable, DecisionTableRecorder
from sim.outcomes.outcome_book import OutcomeBook
from sim.report.run_folder import RunFolder
from sim.report.summary import Summary
from sim.run.command import shorten
from sim.run.composition import NO_ATTACHMENTS
from sim.run.execution import execute
from sim.run.model_choice import find_model
from sim.run.plan import needs_capacity
from sim.run.planning import prepare
from sim.run.watch import AnyScreen, NullScreen
from sim.scenario.loader import load, placing
from sim.scenario.timeline import Cut


@dataclass(frozen=True, slots=True)
class Trial:
    """What is run; can be sent to another process.

    Attributes:
        shorter: the scenario, cut or whole, on the virtual clock.
        model: folder of the model.
        folder: where the run's files go; None keeps none.
        alter: as of `sim.run.composition.Attachments`; importable, should the trial go to another process.
        alerts: the same.
    """

    shorter: Cut
    model: Path
    folder: Path | None = None
    alter: Callable[[Pipeline], None] = field(default=NO_ATTACHMENTS.alter)
    alerts: Callable[[AlertEngine], None] = field(default=NO_ATTACHMENTS.alerts)


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What a trial came to."""

    summary: Summary
    record: DecisionTable


@lru_cache(maxsize=1)
def _artifact(folder: Path) -> Artifact:
    """Return the model in ``folder``, loaded once a process."""
    return load_verified(folder)


def digest_of(model: Path) -> str:
    """Return the digest of the model in a folder.

    Raises:
        ArtifactError: it is not a model.
    """
    return _artifact(model).manifest.digest


def run_trial(trial: Trial, screen: AnyScreen | None = None) -> TrialOutcome:
    """Return what ``trial`` came to, shown on ``screen`` if there is one; otherwise as `carried_out`."""
    with carried_out(trial, screen) as (outcome, _):
        return outcome


@contextmanager
def carried_out(trial: Trial, screen: AnyScreen | None = None) -> Iterator[tuple[TrialOutcome, Path]]:
    """Run ``trial``; give what it came to, and the folder of its files, which is gone afterwards if it was not named.

    Raises:
        InputError: its model or its folder cannot be used.
        InternalError: the run broke down.
        KeyboardInterrupt: it was interrupted, and has drained.
    """
    if trial.folder is not None:
        yield _run(trial, trial.folder, screen), trial.folder
        return
    with tempfile.TemporaryDirectory(prefix="riskdrill-trial-") as folder:
        yield _run(trial, Path(folder), screen), Path(folder)


def _run(trial: Trial, folder: Path, screen: AnyScreen | None) -> TrialOutcome:
    recorders: list[DecisionTableRecorder] = []

    def record(book: OutcomeBook) -> DecisionTableRecorder:
        recorders.append(DecisionTableRecorder(book))
        return recorders[-1]

    plan = prepare(trial.shorter, _artifact(trial.model), folder)
    attachments = replace(NO_ATTACHMENTS, sink=record, alter=trial.alter, alerts=trial.alerts)
    logging.disable()  # what fails on purpose, hundreds of times, is in the figures
    try:
        with RunFolder(folder) as place:
            result = execute(plan, place, screen or NullScreen(), attachments)
    finally:
        logging.disable(logging.NOTSET)
        gc.unfreeze()  # a run freezes what is there; the next one of this process must be able to free it
    if "the run was interrupted" in result.summary.reasons:
        raise KeyboardInterrupt
    return TrialOutcome(result.summary, recorders[-1].record())


VIRTUAL = "clock=virtual"


@dataclass(frozen=True, slots=True)
class PreparedScenario:
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

    def with_overrides(self, more: Sequence[str]) -> "PreparedScenario":
        """Return the scenario with further overrides.

        Raises:
            ScenarioError: they make it invalid.
        """
        overrides = (*self.overrides, *more)
        shorter = shorten(load(self.file, (*overrides, VIRTUAL)), self.duration)
        return PreparedScenario(self.file, overrides, self.duration, shorter, self.model)


def prepare_scenario(
    file: Path,
    overrides: Sequence[str],
    duration: str | None,
    model: Path | None,
    announce: Callable[[Notice], None],
) -> PreparedScenario:
    """Return the scenario in ``file``, ready; a model is trained, code compiled and the capacity measured if need be.

    Raises:
        InputError: something of it cannot be used.
        TrainingRefused: a model had to be trained and missed its gates.
    """
    scenario = load(file, (*overrides, VIRTUAL), needs_model=model is None)
    shorter = shorten(scenario, duration)
    prepared = PreparedScenario(file, tuple(overrides), duration, shorter, find_model(scenario, model, announce))
    compile_first(announce)
    return prepared.with_overrides(_rates(prepared, announce)) if needs_capacity(scenario) else prepared


def _rates(prepared: PreparedScenario, announce: Callable[[Notice], None]) -> list[str]:
    """Return overrides that say in figures what the scenario says in shares of capacity.

    The virtual pipeline's capacity is measured once; measured for each seed it would differ a little between them.
    """
    from actors.model.verification import load_verified
    from sim.run.planning import prepare

    with tempfile.TemporaryDirectory(prefix="riskdrill-probe-") as folder, placing(prepared.file, prepared.overrides):
        plan = prepare(prepared.shorter, load_verified(prepared.model), Path(folder), announce)
    capacity = plan.capacity_per_s or 0.0
    return [
        f"phases.{phase.name}.{key}={rate.resolve(capacity):.6g}"
        for phase in plan.scenario.phases
        for key, rate in (("rate", phase.rate), ("ramp_to", phase.ramp_to))
        if rate is not None and rate.of_capacity is not None
    ]
