"""Names: unique where they must be, and each reference or metric leads to something."""

from collections.abc import Collection, Iterator

import msgspec

from actors.features.catalogue import CATALOGUE
from actors.telemetry.alerts.built_in import built_in_rules, stream_rules
from actors.telemetry.expression.expression import Expression
from actors.telemetry.expression.grammar import ExpressionError, NoSuchMetricError
from actors.telemetry.expression.trivial_conditions import EmptyConditionError
from sim.installation import PROGRAM
from sim.scenario.checks.view import View
from sim.scenario.problems import Problem, remedy_for
from sim.scenario.scenario import ALWAYS

BUILT_IN = frozenset(rule.alert for rule in built_in_rules())
TAKEN = BUILT_IN | {rule.alert for rule in stream_rules()}  # a run may be moved to a stream


def check_names(view: View) -> Iterator[Problem]:
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
            elif field == "alerts" and name in TAKEN:
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
            yield view.problem(f"{path}.when", "must name an alert", remedy=remedy_for(step.awaits, alerts))
    for path, expectation in view.items("expect"):
        if expectation.during is not None and expectation.during not in spans:
            rule = "must name a phase, a fault, a step or always"
            yield view.problem(f"{path}.during", rule, remedy=remedy_for(expectation.during, spans))
        if expectation.alert is not None and expectation.alert not in alerts:
            yield view.problem(f"{path}.alert", "must name an alert", remedy=remedy_for(expectation.alert, alerts))
        if expectation.never is not None and expectation.never not in alerts:
            yield view.problem(f"{path}.never", "must name an alert", remedy=remedy_for(expectation.never, alerts))


LISTED = f"{PROGRAM} metrics lists them"
FEATURES = frozenset(feature.name for feature in CATALOGUE)


def check_expressions(view: View) -> Iterator[Problem]:
    """Yield a problem for each expression that breaks a rule, at the character where it does."""
    for path, alert in view.items("alerts"):
        if alert.expr is not None:
            yield from _expression(view, f"{path}.expr", alert.expr, ())
    for path, text in view.items("abort_on"):
        yield from _expression(view, path, text, ())
    spans = span_names(view)
    for path, expectation in view.items("expect"):
        if expectation.expr is not None:
            yield from _expression(view, f"{path}.expr", expectation.expr, spans)
        if expectation.min_samples is not None and not _reads_percentile(expectation.expr):
            rule = "counts the samples of a percentile, and expr reads none"
            yield view.problem(f"{path}.min_samples", rule, remedy="leave it out")


def _reads_percentile(text: str | None) -> bool:
    try:
        expression = None if text is None else Expression.parse(text, None)
    except ExpressionError:
        return True  # said by itself
    return expression is not None and any(read.metric.percent is not None for read in expression.condition.reads())


def _expression(view: View, path: str, text: str, scopes: Collection[str]) -> Iterator[Problem]:
    try:
        Expression.parse(text, scopes, FEATURES)
    except ExpressionError as error:
        rule, _, remedy = error.problem.partition("; ")
        if isinstance(error, NoSuchMetricError):
            remedy = f"{remedy}{' ' if remedy.endswith('?') else '; ' if remedy else ''}{LISTED}"
        what = "says nothing about a run" if isinstance(error, EmptyConditionError) else "is not a condition"
        problem = view.problem(path, f"{what}: {rule}", "", remedy, column=error.column - 1)
        yield msgspec.structs.replace(problem, got="")  # the expression itself would hide what is wrong in it
