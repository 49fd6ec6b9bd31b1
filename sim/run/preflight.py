"""What is known of a run before it begins: that nothing will refuse it, what it sends, and how long that takes.

`run` and ``validate`` ask here, so that they never differ: the one goes on with what it got, the other tells it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from actors.model.artifact import Artifact
from actors.model.verification import load_verified
from dashboard.frame import Notice
from sim.replay.events_section import opened_spec
from sim.run.model_choice import cached_folder, check_trees, named_model, source_of
from sim.run.plan import Load, TopicLoad, load_of, planned_ns
from sim.run.planning import GUESS_PER_S, modelled_machine, refuse_known_transactions
from sim.scenario.events import UNITS, TimeColumn
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Cut
from sim.steps.registry import ModelRelease
from sim.training.cache import is_model
from sim.training.source import EventsSource
from sim.units import spoken_duration

Announce = Callable[[Notice], None]
"""Shows what is going on before the run; must not block."""

if TYPE_CHECKING:  # it imports polars, which a run of the synthetic world does without
    from sim.replay.contents import Contents


@dataclass(frozen=True, slots=True)
class CheckedScenario:
    """A scenario with what its file of transactions tells.

    Attributes:
        shorter: the scenario, cut or whole, with the unit that bare numbers are taken as.
        remarks: what was found out and not said, one line each.
    """

    shorter: Cut
    remarks: tuple[str, ...] = ()


def check_scenario(shorter: Cut, announce: Announce = lambda _: None) -> CheckedScenario:
    """Return ``shorter`` with what its file tells once and for all, and sort that file if it is to be.

    Args:
        shorter: the scenario, cut or whole.
        announce: told how far sorting is.

    Raises:
        TransactionFileError: the file cannot be opened or sorted, or its times are numbers of no unit.
    """
    events = shorter.scenario.events
    if events is None:
        return CheckedScenario(shorter)

    def told(share: float) -> None:
        announce(Notice(title=f"sorting {Path(events.file).name} by time", done_ratio=share))

    columns = opened_spec(events, told).columns
    if columns == events.columns:
        return CheckedScenario(shorter)
    scenario = replace(shorter.scenario, events=replace(events, columns=columns))
    return CheckedScenario(replace(shorter, scenario=scenario), (_unit_remark(columns.event_time),))


def _unit_remark(column: TimeColumn) -> str:
    unit = column.unit or ""
    return f"event_time: {column.column} is taken as {UNITS[unit]}: no other unit puts every row between 1990 and 2100"


@dataclass(frozen=True, slots=True)
class Preflight:
    """A run that nothing speaks against.

    Attributes:
        scenario: what is run.
        load: what it sends; rates that are shares of capacity are shares of a guess.
        artifact: its model, verified; None: one is trained first.
        spans: what ``train`` and ``test`` of a file hold, by name, where a model must be trained on them.
    """

    scenario: Scenario
    load: Load
    artifact: Artifact | None
    spans: dict[str, "Contents"]

    @property
    def length_ns(self) -> int | None:
        """How long it sends for; None: for as long as the pipeline takes."""
        return planned_ns(self.scenario, self.load)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What whoever starts it may not know: how long a replay takes at its speed."""
        timed = self.scenario.events is not None and self.length_ns is not None
        return (f"the replay {self.length}",) if timed else ()

    @property
    def length(self) -> str:
        """How long it sends for, for a reader."""
        if self.length_ns is None:
            listening = isinstance(self.load, TopicLoad)
            return "until it is interrupted" if listening else "as fast as the pipeline takes them"
        virtual = " of virtual time" if self.scenario.clock == "virtual" else ""
        return f"takes {spoken_duration(self.length_ns)}{virtual}"


def preflight(shorter: Cut, given: Path | None, announce: Announce = lambda _: None) -> Preflight:
    """Return what is known of a run, once its model is found and all of its file is read.

    Args:
        shorter: the scenario, cut or whole; loaded with ``needs_model`` unless ``given``.
        given: the model folder that the command line names; wins.
        announce: told how much of the file has been read.

    Raises:
        InputError: something of it cannot be used; a run would be refused for the same.
    """
    scenario = shorter.scenario
    artifact = _artifact(scenario, given)
    found = _contents(scenario, announce, trained=artifact is None)
    load = load_of(scenario, GUESS_PER_S, found.pop("replay", None))
    if artifact is not None:
        _check_model(scenario, load, artifact)
    return Preflight(scenario, load, artifact, found)


def _artifact(scenario: Scenario, given: Path | None) -> Artifact | None:
    folder = named_model(scenario, given)
    if folder is not None:
        return _verified(folder)
    cached = cached_folder(source_of(scenario))
    return _verified(cached) if is_model(cached) else None


@lru_cache(maxsize=1)
def _verified(folder: Path) -> Artifact:
    """Return the model in ``folder``, verified once where many scenarios use it."""
    return load_verified(folder)


def _check_model(scenario: Scenario, load: Load, artifact: Artifact) -> None:
    refuse_known_transactions(load, artifact.manifest)
    if scenario.pipeline.scorer.engine == "compiled":
        artifact.check_compiled()
    for step in scenario.steps:
        if isinstance(step, ModelRelease) and step.trees is not None:
            check_trees(artifact, step.trees, step.name)
    if scenario.clock == "virtual":
        modelled_machine(scenario, artifact)


def _contents(scenario: Scenario, announce: Announce, *, trained: bool) -> dict[str, "Contents"]:
    """Return what a file holds of what is replayed, trained on and judged by; nothing where there is no file.

    Args:
        scenario: what is run.
        announce: told how much of the file has been read.
        trained: whether the run's own model is trained on it.
    """
    events = scenario.events
    if events is None:
        return {}
    from sim.replay.event_file import contents_of_spans

    def told(share: float) -> None:
        announce(Notice(title=f"reading {Path(events.file).name}", done_ratio=share))

    spec = opened_spec(events)
    fitted = any(isinstance(step, ModelRelease) and step.fit_seed is not None for step in scenario.steps)
    if trained or fitted:
        EventsSource.of(spec)  # refuses what cannot be trained on
    return contents_of_spans(spec, trained=trained or fitted, told=told)
