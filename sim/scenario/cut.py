"""A scenario cut short: what ``--duration`` leaves of it, and what it leaves out."""

import msgspec

from actors.telemetry.expression import Expression
from sim.scenario.expectations import Expectation
from sim.scenario.phases import Phase
from sim.scenario.scenario import ALWAYS, Scenario
from sim.scenario.timeline import fault_spans, phase_spans, span_of, spans, step_spans


class Cut(msgspec.Struct, frozen=True):
    """A shorter scenario.

    Attributes:
        scenario: what is run.
        skipped: what is not, one line each, in the order of the scenario.
        not_judged: the expectations among them.
    """

    scenario: Scenario
    skipped: tuple[str, ...] = ()
    not_judged: tuple[Expectation, ...] = ()


def cut(scenario: Scenario, duration_ns: int) -> Cut:
    """Return ``scenario`` ended after ``duration_ns``, > 0; what would start later or could not be judged is skipped.

    A fault that would outlast the run is lifted at its end. An expectation goes when its span does, when its settling
    time leaves nothing to measure, when its alert could come too late to be seen, or when it compares with a span
    that has gone.
    """
    phases = tuple(filter(None, (_phase(scenario, phase, duration_ns) for phase in scenario.phases)))
    faults = tuple(filter(None, (fault.cut(duration_ns) for fault in scenario.faults)))
    steps = tuple(step for step in scenario.steps if step.at < duration_ns)
    shorter = msgspec.structs.replace(scenario, phases=phases, faults=faults, steps=steps)
    left = {ALWAYS, *phase_spans(shorter), *fault_spans(shorter), *step_spans(shorter)}
    expect = tuple(each for each in scenario.expect if _can_be_judged(each, scenario, left, duration_ns))
    shorter = msgspec.structs.replace(shorter, expect=expect)
    not_judged = tuple(each for each in scenario.expect if each not in expect)
    return Cut(shorter, tuple(_skipped(scenario, shorter)), not_judged)


def _phase(scenario: Scenario, phase: Phase, duration_ns: int) -> Phase | None:
    span = phase_spans(scenario)[phase.name]
    left_ns = duration_ns - span.start_ns
    if left_ns <= 0:
        return None
    if phase.duration is not None and phase.duration <= left_ns:
        return phase
    return msgspec.structs.replace(phase, duration=left_ns)


def _can_be_judged(expectation: Expectation, scenario: Scenario, left: set[str], duration_ns: int) -> bool:
    known = spans(scenario)
    span = span_of(expectation, scenario, known)
    name = next(name for name, each in known.items() if each is span)
    if name not in left:
        return False
    if expectation.alert is None:
        scopes = set() if expectation.expr is None else set(Expression.parse(expectation.expr, None).scopes())
        return scopes <= left and span.settled(expectation.within).start_ns < duration_ns
    fires = span.start_ns + (expectation.fires_within or 0)
    resolves = (span.end_ns or duration_ns) + (expectation.resolves_within or 0)
    return max(fires, resolves if expectation.resolves_within is not None else 0) <= duration_ns


def _skipped(scenario: Scenario, shorter: Scenario) -> list[str]:
    lines: list[str] = []
    for word, field in (("phase", "phases"), ("fault", "faults"), ("step", "steps"), ("expectation", "expect")):
        left = {each.name for each in getattr(shorter, field)}
        lines += [f"{word} {each.name}" for each in getattr(scenario, field) if each.name not in left]
    return lines
