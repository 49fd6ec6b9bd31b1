"""Names: unique, and each reference leads to something."""

from collections.abc import Iterator

from actors.telemetry.alerts import BUILT_IN
from sim.scenario.checks.view import View
from sim.scenario.problems import Problem, did_you_mean
from sim.scenario.scenario import ALWAYS


def check(view: View) -> Iterator[Problem]:
    """Yield a problem for each name that is taken, and each reference to nothing."""
    yield from _unique(view, {"phases": "name", "faults": "name"}, reserved=ALWAYS)
    yield from _unique(view, {"expect": "name"})
    yield from _unique(view, {"alerts": "alert"})
    yield from _references(view)


def _unique(view: View, keys: dict[str, str], reserved: str = "") -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for field, key in keys.items():
        for index, item in enumerate(getattr(view.scenario, field)):
            path, name = f"{field}[{index}].{key}", getattr(item, key, None)
            if name is None:
                continue
            if name == reserved:
                yield view.problem(path, f"must not be {reserved}, which means the whole run", remedy="rename it")
            elif name in seen:
                yield view.problem(path, f"must be unique; {seen[name]} has it too", remedy="rename one")
            elif field == "alerts" and name in {rule.alert for rule in BUILT_IN}:
                yield view.problem(path, "must not be the name of a built-in alert", remedy="rename it")
            seen.setdefault(name, path.rpartition(".")[0])


def span_names(view: View) -> set[str]:
    """Return what ``during`` and the scope of a metric may name."""
    scenario = view.scenario
    return {ALWAYS} | {each.name for each in (*scenario.phases, *scenario.faults) if each is not None and each.name}


def _references(view: View) -> Iterator[Problem]:
    scenario = view.scenario
    spans = span_names(view)
    alerts = {rule.alert for rule in BUILT_IN} | {each.alert for each in scenario.alerts if each and each.alert}
    for index, expectation in enumerate(scenario.expect):
        path = f"expect[{index}]"
        if expectation is None:
            continue
        if expectation.during is not None and expectation.during not in spans:
            rule = "must name a phase, a fault or always"
            yield view.problem(f"{path}.during", rule, remedy=did_you_mean(expectation.during, spans))
        if expectation.alert is not None and expectation.alert not in alerts:
            yield view.problem(f"{path}.alert", "must name an alert", remedy=did_you_mean(expectation.alert, alerts))
