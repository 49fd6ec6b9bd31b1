"""Models that a scenario releases, returns to or has trained."""

from collections.abc import Iterator

from sim.scenario.checks.view import View
from sim.scenario.problems import Problem
from sim.steps.registry import ModelRelease, ModelRollback

CANDIDATES = ("model", "fit_seed", "trees")


def check_releases(view: View) -> Iterator[Problem]:
    """Yield a problem for each release without a model, or with two, and each rollback with nothing before it."""
    steps = list(view.items("steps"))
    for path, step in steps:
        if isinstance(step, ModelRelease) and view.whole(*(f"{path}.{key}" for key in CANDIDATES)):
            yield from _release(view, path, step)
    if not view.whole("steps", "faults"):
        return
    releases = [step.at for _, step in steps if isinstance(step, ModelRelease)]
    releases += [fault.at for _, fault in view.items("faults") if fault.releases_model]
    for path, step in steps:
        if isinstance(step, ModelRollback) and not any(at < step.at for at in releases):
            yield view.problem(f"{path}.at", "must come after a model_release", remedy="release a model earlier")


def _release(view: View, path: str, step: ModelRelease) -> Iterator[Problem]:
    given = [key for key in CANDIDATES if getattr(step, key) is not None]
    if len(given) != 1:
        rule, remedy = "must have one of model, fit_seed and trees", "name a folder, a seed to fit with, or how many"
        yield view.problem(path, rule, " and ".join(given) or "none", remedy)


NOT_SHOWN = "none"  # the value of a section says nothing


def check_training(view: View, *, needs_model: bool) -> Iterator[Problem]:
    """Yield a problem if a model must be trained on a file and something that it takes is not said.

    Args:
        view: the scenario.
        needs_model: the run's own model is trained unless the scenario names one; False where the command line does.
    """
    scenario = view.scenario
    if scenario.events is None or not view.whole("events", "model"):
        return
    given = {
        "columns.fraud": scenario.events.columns.fraud,
        "train": scenario.events.train,
        "test": scenario.events.test,
    }
    lacking = [key for key, value in given.items() if value is None]
    if not lacking:
        return
    rule = f"must have {' and '.join(lacking)}"
    if needs_model and scenario.model is None:
        remedy = "add them, or name a model: --model DIR"
        yield view.problem("events", f"{rule}, since without a model one is trained", NOT_SHOWN, remedy)
    for path, step in view.items("steps"):
        if isinstance(step, ModelRelease) and step.fit_seed is not None:
            remedy = f"add them, or release a model that is there: {path}.model"
            yield view.problem("events", f"{rule}, since {path} trains a model", NOT_SHOWN, remedy)
