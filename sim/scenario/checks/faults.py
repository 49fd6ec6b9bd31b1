"""Faults: each lies within the run, never meets itself, and finds what it aims at."""

from collections.abc import Iterator
from itertools import combinations, pairwise

from sim.faults.arrivals import ArrivalFault
from sim.faults.fault import Fault
from sim.faults.traffic_fraud_wave import TrafficFraudWave
from sim.scenario.checks.view import View
from sim.scenario.problems import Problem
from sim.scenario.timeline import duration_ns
from sim.units import render_duration


def check(view: View) -> Iterator[Problem]:
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
        key = "jitter" if fault.repeat is None else "repeat"
        until = render_duration(fault.last_at if last_lift is None else last_lift)
        yield view.problem(f"{path}.{key}", f"must keep it within {run}", f"until {until}", "shorten it")


def _repeats(view: View, path: str, fault: Fault) -> Iterator[Problem]:
    if fault.repeat is None:
        return
    lasts = fault.jitter + (0 if fault.lift_at is None else fault.lift_at - fault.at)
    if fault.repeat.every < lasts and fault.repeat.count > 1:
        rule = f"must be at least {render_duration(lasts)}, which the fault lasts with its jitter"
        yield view.problem(f"{path}.repeat.every", rule, remedy="it would overlap itself")


def _meets(view: View, first: Fault, path: str, second: Fault) -> Iterator[Problem]:
    """Of two faults with one target, the later one in the file is told."""
    if first.target != second.target or first.lift_at is None or second.lift_at is None:
        return
    spans = sorted([*_spans(first), *_spans(second)])
    if any(left[1] > right[0] for left, right in pairwise(spans)):
        rule = f"must not overlap {first.name}, which is a {second.target} too"
        yield view.problem(f"{path}.at", rule, remedy="let one end before the other begins")


def _spans(fault: Fault) -> Iterator[tuple[int, int]]:
    """Yield from when to when each injection of a lasting fault may be in, jitter included."""
    count, every = (1, 0) if fault.repeat is None else (fault.repeat.count, fault.repeat.every)
    for number in range(count):
        yield fault.at + number * every, (fault.lift_at or fault.at) + fault.jitter + number * every


def _world(view: View, path: str, fault: Fault) -> Iterator[Problem]:
    if not view.given("events"):
        return
    if isinstance(fault, TrafficFraudWave):
        yield view.problem(
            f"{path}.kind",
            "needs the synthetic world: events bring their own fraud",
            fault.kind,
            "remove one of the two",
        )
    events = view.scenario.events
    if isinstance(fault, ArrivalFault) and events is not None and events.known_card_filter:
        rule = "would shift which transactions known_card_filter judges"
        yield view.problem(f"{path}.kind", rule, fault.kind, "set events.known_card_filter to false")
