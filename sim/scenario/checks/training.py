"""What a replay must say so that a model can be trained on its file."""

from collections.abc import Iterator

from sim.scenario.checks.view import View
from sim.scenario.problems import Problem
from sim.steps.model_release import ModelRelease

NOT_SHOWN = "none"  # the value of a section says nothing


def check(view: View, *, needs_model: bool) -> Iterator[Problem]:
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
