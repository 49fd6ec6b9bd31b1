"""Expectations with ``every``: what can be judged window by window, and what cannot."""

from collections.abc import Iterator

from actors.telemetry.expression.expression import Expression
from actors.telemetry.expression.grammar import ExpressionError
from actors.telemetry.expression.nodes import Read
from actors.telemetry.metrics.model import quality_metrics
from sim.scenario.checks.view import View
from sim.scenario.problems import Problem
from sim.scenario.scenario import Expectation
from sim.scenario.timeline import Span, measurable, span_of, spans
from sim.units import render_duration

_OF_LABELS = frozenset(metric.name for metric in quality_metrics())


def check_windows(view: View) -> Iterator[Problem]:
    """Yield a problem for each ``every`` that nothing could come of."""
    for path, expectation in view.items("expect"):
        if expectation.every is None or not view.whole(f"{path}.every", f"{path}.expr"):
            continue
        if expectation.expr is None:
            yield view.problem(f"{path}.every", "belongs to expr", remedy="leave it out")
        else:
            yield from _reads(view, path, expectation)
            yield from _span(view, path, expectation)


def _reads(view: View, path: str, expectation: Expectation) -> Iterator[Problem]:
    """Yield a problem for each metric that no window has a figure of its own of."""
    try:
        expression = Expression.parse(expectation.expr or "", None)
    except ExpressionError:
        return  # said by itself
    if expression.instant:
        rule = f"is for figures over a span; {', '.join(expression.metrics())} is judged at every tick"
        yield view.problem(f"{path}.every", rule, remedy="leave it out")
        return
    for read in expression.condition.reads():
        if read.metric.name in _OF_LABELS:
            rule = f"reads {read}, known once the run is over and labels are there, and not in each window"
            yield view.problem(f"{path}.expr", rule, remedy="leave out every", column=read.column - 1)


def _span(view: View, path: str, expectation: Expectation) -> Iterator[Problem]:
    """Yield a problem where no window fits, or one would have to wait for another span."""
    if not view.whole("phases", "events", "faults", "steps", f"{path}.during", f"{path}.within"):
        return
    known = spans(view.scenario)
    if expectation.during is not None and expectation.during not in known:
        return
    span = span_of(expectation, view.scenario, known)
    settled = span.settled(expectation.within)
    if span.end_ns is not None and settled.start_ns < span.end_ns and not measurable(expectation, span):
        length = render_duration(span.end_ns - settled.start_ns)
        yield view.problem(f"{path}.every", f"must fit into the {length} that are measured", remedy="shorten it")
    for read in _scoped(expectation):
        of = known.get(read.scope or "")
        if of is not None and not _over_before(of, settled):
            rule = f"reads {read}, and {read.scope} is not over when the first window ends"
            remedy = "compare with a span before it, or leave out every"
            yield view.problem(f"{path}.expr", rule, remedy=remedy, column=read.column - 1)


def _scoped(expectation: Expectation) -> Iterator[Read]:
    try:
        reads = Expression.parse(expectation.expr or "", None).condition.reads()
    except ExpressionError:
        return
    yield from (read for read in reads if read.scope is not None)


def _over_before(of: Span, settled: Span) -> bool:
    return of.end_ns is not None and of.end_ns <= settled.start_ns
