"""Models that are released in the run, and rolled back."""

from collections.abc import Iterator

from sim.faults.model_bad_release import ModelBadRelease
from sim.scenario.checks.view import View
from sim.scenario.problems import Problem
from sim.steps.model_release import ModelRelease
from sim.steps.model_rollback import ModelRollback

CANDIDATES = ("model", "fit_seed", "trees")


def check(view: View) -> Iterator[Problem]:
    """Yield a problem for each release without a model, or with two, and each rollback with nothing before it."""
    steps = list(view.items("steps"))
    for path, step in steps:
        if isinstance(step, ModelRelease) and view.whole(*(f"{path}.{key}" for key in CANDIDATES)):
            yield from _release(view, path, step)
    if not view.whole("steps", "faults"):
        return
    releases = [step.at for _, step in steps if isinstance(step, ModelRelease)]
    releases += [fault.at for _, fault in view.items("faults") if isinstance(fault, ModelBadRelease)]
    for path, step in steps:
        if isinstance(step, ModelRollback) and not any(at < step.at for at in releases):
            yield view.problem(f"{path}.at", "must come after a model_release", remedy="release a model earlier")


def _release(view: View, path: str, step: ModelRelease) -> Iterator[Problem]:
    given = [key for key in CANDIDATES if getattr(step, key) is not None]
    if len(given) != 1:
        rule, remedy = "must have one of model, fit_seed and trees", "name a folder, a seed to fit with, or how many"
        yield view.problem(path, rule, " and ".join(given) or "none", remedy)
