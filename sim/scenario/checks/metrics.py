"""Expressions: each parses, and reads metrics and spans that exist."""

from collections.abc import Collection, Iterator

import msgspec

from actors.features.catalogue import CATALOGUE
from actors.telemetry.expression import Expression
from actors.telemetry.grammar import ExpressionError, NoSuchMetricError
from actors.telemetry.ranges import EmptyConditionError
from sim.scenario.checks.names import span_names
from sim.scenario.checks.view import View
from sim.scenario.problems import Problem

LISTED = "python -m sim metrics lists them"
FEATURES = frozenset(feature.name for feature in CATALOGUE)


def check(view: View) -> Iterator[Problem]:
    """Yield a problem for each expression that breaks a rule, at the character where it does."""
    for path, alert in view.items("alerts"):
        if alert.expr is not None:
            yield from _expression(view, f"{path}.expr", alert.expr, ())
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
