"""Times: everything lies within the run, no two faults of a kind overlap, each expectation can be measured."""

from collections.abc import Iterator
from itertools import combinations, pairwise

from sim.faults.fault import Fault
from sim.scenario.checks.view import View
from sim.scenario.problems import Problem
from sim.scenario.scenario import Expectation
from sim.scenario.timeline import duration_ns, span_of, spans
from sim.steps.registry import RateChange
from sim.units import render_duration


def check_times(view: View) -> Iterator[Problem]:
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
        if isinstance(step, RateChange) and view.given("events"):
            rule = "needs the synthetic world: the load of a replay is its events"
            yield view.problem(f"{path}.kind", rule, step.kind, "remove it, or replay at another speed")


def _forms(view: View) -> Iterator[Problem]:
    """Yield a problem for each expectation that is not one thing: a condition, an alert in time, or silence."""
    for path, expectation in view.items("expect"):
        if not view.whole(f"{path}.expr", f"{path}.alert", f"{path}.never"):
            continue
        said = [key for key in ("expr", "alert", "never") if getattr(expectation, key) is not None]
        if len(said) != 1:
            got = " and ".join(said) or "none"
            yield view.problem(path, "must have one of expr, alert, never", got, "split it, or add the one you mean")
        elif expectation.alert is not None:
            yield from _alert_form(view, path, expectation)
        else:
            if expectation.never is not None and expectation.within:
                yield view.problem(f"{path}.within", "belongs to expr", remedy="leave it out: never means at no time")
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
        if span.end_ns is None and expectation.resolves_within is not None:
            rule = "counts from the end of its span, which is that of the run"
            yield view.problem(
                f"{path}.resolves_within", rule, remedy="let during name what ends before, as a fault does"
            )
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


def check_faults(view: View) -> Iterator[Problem]:
    """Yield a problem for each fault that cannot be as it is written."""
    whole = {path: fault for path, fault in view.items("faults") if view.whole(path)}
    for path, fault in whole.items():
        yield from _repeats(view, path, fault)
        yield from _world(view, path, fault)
    if view.whole("phases", "events"):
        end_ns = duration_ns(view.scenario)
        for path, fault in whole.items():
            yield from _outside(view, path, fault, end_ns)
    for (_, first), (path, second) in combinations(whole.items(), 2):
        yield from _meets(view, first, path, second)


def _outside(view: View, path: str, fault: Fault, end_ns: int | None) -> Iterator[Problem]:
    if end_ns is None:
        return
    run = f"the run, which lasts {render_duration(end_ns)}"
    last_lift = fault.last_lift_at
    if fault.at >= end_ns:
        yield view.problem(f"{path}.at", f"must be before the end of {run}", remedy="inject it earlier")
    elif fault.lift_at is not None and fault.lift_at > end_ns:
        left = render_duration(end_ns - fault.at)
        yield view.problem(f"{path}.duration", f"must end within {run}", remedy=f"at most {left} are left")
    elif fault.last_at >= end_ns or (last_lift is not None and last_lift > end_ns):
        key = "again" if fault.again else "jitter" if fault.repeat is None else "repeat"
        until = render_duration(fault.last_at if last_lift is None else last_lift)
        yield view.problem(f"{path}.{key}", f"must keep it within {run}", f"until {until}", "shorten it")


def _repeats(view: View, path: str, fault: Fault) -> Iterator[Problem]:
    yield from _again(view, path, fault)
    if fault.repeat is None:
        return
    lasts = fault.jitter + (0 if fault.lift_at is None else fault.lift_at - fault.at)
    if fault.repeat.every < lasts and fault.repeat.count > 1:
        rule = f"must be at least {render_duration(lasts)}, which the fault lasts with its jitter"
        yield view.problem(f"{path}.repeat.every", rule, remedy="it would overlap itself")


def _again(view: View, path: str, fault: Fault) -> Iterator[Problem]:
    if not fault.again:
        return
    if fault.repeat is not None:
        yield view.problem(f"{path}.again", "cannot stand beside repeat", remedy="leave one of them out")
        return
    for number, each in enumerate(fault.again):
        if each.duration is not None and fault.lift_at is None:
            rule = f"cannot be set: {fault.kind} is over at once"
            yield view.problem(f"{path}.again[{number}].duration", rule, remedy="leave it out")
    for number, (before, after) in enumerate(pairwise(fault.planned)):
        end_ns = fault.jitter + (before.inject_at if before.lift_at is None else before.lift_at)
        if after.inject_at < end_ns:
            rule = f"must not be before {render_duration(end_ns)}, when the one before it is over"
            yield view.problem(f"{path}.again[{number}].at", rule, remedy="let it come later")


def _meets(view: View, first: Fault, path: str, second: Fault) -> Iterator[Problem]:
    """Yield a problem, at the later one in the file, if two faults with one target overlap."""
    if overlaps(first, second):
        rule = f"must not overlap {first.name}, which is a {second.target} too"
        yield view.problem(f"{path}.at", rule, remedy="let one end before the other begins")


def overlaps(first: Fault, second: Fault) -> bool:
    """Return whether two faults with one target may be in at the same time."""
    if first.target != second.target or first.lift_at is None or second.lift_at is None:
        return False
    spans = sorted([*_spans(first), *_spans(second)])
    return any(left[1] > right[0] for left, right in pairwise(spans))


def _spans(fault: Fault) -> Iterator[tuple[int, int]]:
    """Yield from when to when each injection of a lasting fault may be in, jitter included."""
    for inject_at, lift_at in fault.planned:
        yield inject_at, (inject_at if lift_at is None else lift_at) + fault.jitter


def _world(view: View, path: str, fault: Fault) -> Iterator[Problem]:
    if not view.given("events"):
        return
    if fault.needs_world:
        yield view.problem(
            f"{path}.kind",
            "needs the synthetic world: events bring their own fraud",
            fault.kind,
            "remove one of the two",
        )
    events = view.scenario.events
    if fault.moves_arrivals and events is not None and events.known_card_filter:
        rule = "would shift which transactions known_card_filter judges"
        yield view.problem(f"{path}.kind", rule, fault.kind, "set events.known_card_filter to false")
