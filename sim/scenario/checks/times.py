"""Times: nothing lies outside the run or its own span, and each expectation can be measured."""

from collections.abc import Iterator

from sim.scenario.checks.view import View
from sim.scenario.expectations import Expectation
from sim.scenario.problems import Problem
from sim.scenario.timeline import duration_ns, span_of, spans
from sim.units import render_duration


def check(view: View) -> Iterator[Problem]:
    """Yield a problem for each impossible time."""
    yield from _forms(view)
    if not view.whole("phases", "events"):
        return
    end_ns = duration_ns(view.scenario)
    yield from _steps(view, end_ns)
    if view.whole("faults", "steps"):
        yield from _expectations(view, end_ns)


def _steps(view: View, end_ns: int | None) -> Iterator[Problem]:
    for path, step in view.items("steps"):
        if end_ns is not None and view.whole(f"{path}.at") and step.at >= end_ns:
            run = f"the run, which lasts {render_duration(end_ns)}"
            yield view.problem(f"{path}.at", f"must be before the end of {run}", remedy="take it earlier")


def _forms(view: View) -> Iterator[Problem]:
    """An expectation is either a condition over a span, or an alert in time."""
    for path, expectation in view.items("expect"):
        if not view.whole(f"{path}.expr", f"{path}.alert"):
            continue
        if (expectation.expr is None) == (expectation.alert is None):
            both = "both" if expectation.expr is not None else "neither"
            yield view.problem(path, "must have either expr or alert", both, "split it, or add the one you mean")
        elif expectation.alert is not None:
            yield from _alert_form(view, path, expectation)
        else:
            for key in ("fires_within", "resolves_within"):
                if getattr(expectation, key) is not None:
                    yield view.problem(f"{path}.{key}", "belongs to an alert", remedy="name the alert, or remove it")


def _alert_form(view: View, path: str, expectation: Expectation) -> Iterator[Problem]:
    if expectation.within:
        yield view.problem(f"{path}.within", "belongs to expr", remedy="use fires_within or resolves_within")
    readable = view.whole(f"{path}.fires_within", f"{path}.resolves_within")
    if expectation.fires_within is None and expectation.resolves_within is None and readable:
        yield view.problem(path, "must say when the alert fires or resolves", "neither", "add fires_within: 10s")
    faults = len(view.scenario.faults)
    if expectation.during is None and faults != 1 and view.whole("faults", f"{path}.during"):
        rule = "is missing: with one fault it would be that fault"
        yield view.problem(f"{path}.during", rule, f"{faults} faults", "name the phase or fault that should cause it")


def _expectations(view: View, end_ns: int | None) -> Iterator[Problem]:
    known = spans(view.scenario)
    for path, expectation in view.items("expect"):
        if expectation.during is not None and expectation.during not in known:
            continue
        span = span_of(expectation, view.scenario, known)
        if span.end_ns is not None and span.settled(expectation.within).start_ns >= span.end_ns:
            length = render_duration(span.end_ns - span.start_ns)
            yield view.problem(f"{path}.within", f"must leave time to measure in {length}", remedy="shorten it")
        if end_ns is None:
            continue
        fires = span.start_ns + (expectation.fires_within or 0)
        resolves = (span.end_ns or end_ns) + (expectation.resolves_within or 0)
        for key, last in (("fires_within", fires), ("resolves_within", resolves)):
            if getattr(expectation, key) is not None and last > end_ns:
                late = render_duration(last - end_ns)
                yield view.problem(
                    f"{path}.{key}", f"must end with the run, not {late} after", remedy="lengthen the run"
                )
