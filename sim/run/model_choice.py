"""Which model a run serves: the one that is named, or the cached one of its world, trained first if need be."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from actors.core.clock import NS_PER_US
from actors.model.artifact import GOLDEN_FILE, Artifact, save_artifact
from actors.model.integrity import Golden
from actors.model.lightgbm_engine import LightGBMEngine, lightgbm
from actors.model.verification import load_verified
from dashboard.frame import Notice
from sim.gates import DEFAULT_GATES, Gate, said_gates
from sim.installation import model_cache
from sim.replay.events_section import opened_spec
from sim.scenario.pace import world_spec
from sim.scenario.problems import LateProblemError
from sim.scenario.scenario import Scenario
from sim.steps.registry import ModelRelease
from sim.training.cache import is_model, publish, recipe_of
from sim.training.fit import FitConfig
from sim.training.process import train_in_child
from sim.training.progress import Progress
from sim.training.source import EventsSource, TrainingSource, WorldSource


def check_trees(artifact: Artifact, count: int, step: str) -> None:
    """Check that ``artifact`` can be left with ``count`` trees, as the step of that name says.

    Raises:
        LateProblemError: it has no more than that.
    """
    trees = artifact.booster.num_trees()
    if count >= trees:
        rule = f"must be fewer than the {trees} of model {artifact.manifest.digest}"
        raise LateProblemError(f"steps[{step}].trees", rule, f"{count:,}", "give fewer")


def with_trees(artifact: Artifact, count: int) -> Path:
    """Return the folder of ``artifact`` with only its first ``count`` trees; made if it is not there yet.

    It has no metrics: those in the manifest are of the whole model.

    Args:
        artifact: the whole model.
        count: fewer than it has; see `check_trees`.
    """
    folder = model_cache() / f"{artifact.manifest.digest}-{count}-trees"
    if is_model(folder):
        return folder
    booster = artifact.booster
    shorter = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=count))

    def build(draft: Path) -> None:
        shutil.copytree(artifact.folder, draft, dirs_exist_ok=True)
        rows = artifact.golden.features
        Golden(rows, LightGBMEngine(shorter, rows.shape[1]).score(rows)).save(draft / GOLDEN_FILE)
        save_artifact(draft, shorter, msgspec.structs.replace(artifact.manifest, metrics={}))

    publish(folder, build)
    return folder


Announce = Callable[[Notice], None]
"""Shows what is going on before the run; must not block."""

STAGES = {
    "history": "replaying history through the feature code",
    "fit": "fitting the model",
    "judge": "judging it on later data",
}


def source_of(scenario: Scenario) -> TrainingSource:
    """Return what a model for ``scenario`` is trained on.

    Raises:
        InputError: its events cannot be trained on.
    """
    if scenario.events is not None:
        return EventsSource.of(opened_spec(scenario.events))
    return WorldSource(world_spec(scenario).town, scenario.world.label_delay // NS_PER_US)


def gates_for(scenario: Scenario) -> tuple[Gate, ...]:
    """Return the gates that a model for ``scenario`` must pass."""
    return DEFAULT_GATES if scenario.events is None else said_gates(scenario.events.gates)


def cached_folder(source: TrainingSource, config: FitConfig | None = None) -> Path:
    """Return where the model of ``source``, fitted as ``config`` says, is kept."""
    return model_cache() / recipe_of(source.facts(), source.features, config or FitConfig()).key


def choose_model(scenario: Scenario, given: Path | None, announce: Announce) -> Artifact:
    """Return the model for a run, verified; otherwise as `find_model`.

    Raises:
        ArtifactError: the folder is not a model, or damaged, or made for other features.
        TrainingRefused: a model had to be trained and missed its gates.
    """
    return load_verified(find_model(scenario, given, announce))


def find_model(scenario: Scenario, given: Path | None, announce: Announce) -> Path:
    """Return the folder of the model for a run; train it if there is none.

    Args:
        scenario: names a model, or describes the world of one.
        given: the folder asked for on the command line; wins.
        announce: told how far training is.

    Raises:
        TrainingRefused: a model had to be trained and missed its gates.
    """
    named = named_model(scenario, given)
    return _cached(scenario, FitConfig(), announce) if named is None else named


def named_model(scenario: Scenario, given: Path | None) -> Path | None:
    """Return the folder that the command line or else the scenario names; None: the cached one is meant."""
    return given or (None if scenario.model is None else Path(scenario.model))


def find_candidates(scenario: Scenario, serving: Artifact, announce: Announce) -> dict[str, Path]:
    """Return the folder of each model that a step releases, by the step's name; make those that must be and are not.

    Args:
        scenario: whose steps.
        serving: the run's own model.
        announce: told how far training is.

    Raises:
        TrainingRefused: one had to be trained and missed its gates.
        LateProblemError: one is to have more trees than the run's own model.
    """
    return {
        step.name: _candidate(step, scenario, serving, announce)
        for step in scenario.steps
        if isinstance(step, ModelRelease)
    }


def _candidate(step: ModelRelease, scenario: Scenario, serving: Artifact, announce: Announce) -> Path:
    if step.fit_seed is not None:
        return _cached(scenario, FitConfig(seed=step.fit_seed), announce)
    if step.trees is None:
        return Path(step.model or "")
    check_trees(serving, step.trees, step.name)
    return with_trees(serving, step.trees)


def _cached(scenario: Scenario, config: FitConfig, announce: Announce) -> Path:
    source = source_of(scenario)
    folder = cached_folder(source, config)
    if not is_model(folder):
        train_in_child(source, folder, gates_for(scenario), announcing(source.title, announce), config)
    return folder


def announcing(title: str, announce: Announce) -> Progress:
    """Return a progress callback that announces each step."""

    def progress(stage: str, done: int, total: int) -> None:
        steps = f"{done:,} of {total:,}" if total else ""
        announce(
            Notice(
                title=f"training a model, once: {STAGES.get(stage, stage)}",
                detail=" · ".join(filter(None, (title, steps))),
                done_ratio=done / total if total else None,
            )
        )

    return progress
