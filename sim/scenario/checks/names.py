"""Names: unique, and each reference leads to something."""

from collections.abc import Iterator

from actors.telemetry.builtin import built_in_rules
from sim.scenario.checks.view import View
from sim.scenario.problems import Problem, did_you_mean
from sim.scenario.scenario import ALWAYS

BUILT_IN = frozenset(rule.alert for rule in built_in_rules())


def check(view: View) -> Iterator[Problem]:
    """Yield a problem for each name that is taken, and each reference to nothing."""
    yield from _unique(view, {"phases": "name", "faults": "name", "steps": "name"}, reserved=ALWAYS)
    yield from _unique(view, {"expect": "name"})
    yield from _unique(view, {"alerts": "alert"})
    yield from _references(view)


def _unique(view: View, keys: dict[str, str], reserved: str = "") -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for field, key in keys.items():
        for item_path, item in view.items(field):
            path, name = f"{item_path}.{key}", getattr(item, key)
            if name is None:
                continue
            if name == reserved:
                yield view.problem(path, f"must not be {reserved}, which means the whole run", remedy="rename it")
            elif name in seen:
                yield view.problem(path, f"must be unique; {seen[name]} has it too", remedy="rename one")
            elif field == "alerts" and name in BUILT_IN:
                yield view.problem(path, "must not be the name of a built-in alert", remedy="rename it")
            seen.setdefault(name, item_path)


def span_names(view: View) -> set[str]:
    """Return what ``during`` and the scope of a metric may name, also where something else about it is broken."""
    return {ALWAYS, *(name for field in ("phases", "faults", "steps") for name in view.written(field, "name"))}


def _references(view: View) -> Iterator[Problem]:
    spans = span_names(view)
    alerts = BUILT_IN | view.written("alerts", "alert")
    for path, step in view.items("steps"):
        if step.awaits is not None and step.awaits not in alerts:
            yield view.problem(f"{path}.when", "must name an alert", remedy=did_you_mean(step.awaits, alerts))
    for path, expectation in view.items("expect"):
        if expectation.during is not None and expectation.during not in spans:
            rule = "must name a phase, a fault, a step or always"
            yield view.problem(f"{path}.during", rule, remedy=did_you_mean(expectation.during, spans))
        if expectation.alert is not None and expectation.alert not in alerts:
            yield view.problem(f"{path}.alert", "must name an alert", remedy=did_you_mean(expectation.alert, alerts))
