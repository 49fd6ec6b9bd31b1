"""Models that are released in the run, and rolled back."""

from collections.abc import Iterator

from sim.scenario.checks.view import View
from sim.scenario.problems import Problem
from sim.steps.model_release import ModelRelease
from sim.steps.model_rollback import ModelRollback


def check(view: View) -> Iterator[Problem]:
    """Yield a problem for each release without a model, or with two, and each rollback with nothing before it."""
    steps = list(view.items("steps"))
    releases = [step for _, step in steps if isinstance(step, ModelRelease)]
    for path, step in steps:
        if isinstance(step, ModelRelease) and view.whole(f"{path}.model", f"{path}.fit_seed"):
            yield from _release(view, path, step)
        if isinstance(step, ModelRollback) and view.whole("steps") and not any(each.at < step.at for each in releases):
            yield view.problem(f"{path}.at", "must come after a model_release", remedy="release a model earlier")


def _release(view: View, path: str, step: ModelRelease) -> Iterator[Problem]:
    if (step.model is None) == (step.fit_seed is None):
        both = "neither" if step.model is None else "both"
        yield view.problem(path, "must have either model or fit_seed", both, "name a folder, or a seed to fit with")
