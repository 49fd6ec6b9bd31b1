"""When phases, faults, steps start and end, when to measure, and what ``--duration`` leaves of that."""

from collections.abc import Iterator, Mapping
from itertools import count

import msgspec

from actors.telemetry.expression.expression import Expression
from sim.chance import Streams
from sim.faults.fault import Fault
from sim.scenario.scenario import ALWAYS, Expectation, Phase, Scenario


class Span(msgspec.Struct, frozen=True):
    """A stretch of a run, in ns since it began; ``end_ns`` is None where only the run's end bounds it."""

    start_ns: int
    end_ns: int | None

    def settled(self, within_ns: int) -> "Span":
        """Return what is left after a settling time."""
        return Span(self.start_ns + within_ns, self.end_ns)


def duration_ns(scenario: Scenario) -> int | None:
    """Return the planned length of the run; None when it ends with its events."""
    phases = scenario.phases
    if not phases:
        return None
    return None if any(phase.duration is None for phase in phases) else sum(phase.duration or 0 for phase in phases)


def phase_spans(scenario: Scenario) -> dict[str, Span]:
    """Return when each phase starts and ends, in order."""
    spans: dict[str, Span] = {}
    start_ns = 0
    for phase in scenario.phases:
        end_ns = None if phase.duration is None else start_ns + phase.duration
        spans[phase.name] = Span(start_ns, end_ns)
        start_ns = end_ns or start_ns
    return spans


def fault_spans(scenario: Scenario) -> dict[str, Span]:
    """Return each fault from its first injection to its last lift; a one-shot lasts to the end of the run."""
    end_ns, streams = duration_ns(scenario), Streams(scenario.seed)
    found: dict[str, Span] = {}
    for fault in scenario.faults:
        occurrences = fault.occurrences(streams)
        lift_at = occurrences[-1].lift_at
        found[fault.name] = Span(occurrences[0].inject_at, end_ns if lift_at is None else lift_at)
    return found


def step_spans(scenario: Scenario) -> dict[str, Span]:
    """Return from when on each step has been taken; it lasts to the end of the run."""
    end_ns = duration_ns(scenario)
    return {step.name: Span(step.at, end_ns) for step in scenario.steps}


def spans(scenario: Scenario) -> dict[str, Span]:
    """Return every span that an expectation may name: ``always``, the phases, the faults, the steps."""
    whole = {ALWAYS: Span(0, duration_ns(scenario))}
    return {**whole, **phase_spans(scenario), **fault_spans(scenario), **step_spans(scenario)}


def span_of(expectation: Expectation, scenario: Scenario, known: Mapping[str, Span]) -> Span:
    """Return the span that ``expectation`` is about, settling time not taken off."""
    if expectation.during is not None:
        return known[expectation.during]
    if expectation.alert is not None and len(scenario.faults) == 1:
        return known[scenario.faults[0].name]
    return known[ALWAYS]


def window_spans(span: Span, every_ns: int) -> Iterator[Span]:
    """Yield the windows of ``span``, in the order in which they begin and end; without end where it has none.

    The last one ends with the span and is as long as the others, so it may begin before the one before it has ended.

    Args:
        span: settling time taken off.
        every_ns: how long a window is, > 0; a span that is shorter has none.
    """
    for start_ns in count(span.start_ns, every_ns):
        if span.end_ns is not None and start_ns + every_ns > span.end_ns:
            if span.start_ns < start_ns < span.end_ns:
                yield Span(span.end_ns - every_ns, span.end_ns)
            return
        yield Span(start_ns, start_ns + every_ns)


def measurable(expectation: Expectation, span: Span, end_ns: int | None = None) -> bool:
    """Return whether a condition's span, settling time not taken off, leaves something to measure.

    Args:
        expectation: with ``expr``.
        span: that it is about.
        end_ns: of a run that is cut; None where it is not.
    """
    ends = [each for each in (span.end_ns, end_ns) if each is not None]
    start_ns = span.settled(expectation.within).start_ns
    return not ends or start_ns + max(1, expectation.every or 0) <= min(ends)


def marks(scenario: Scenario) -> list[int]:
    """Return the instants, ns since the run began and sorted, at which a snapshot must be taken.

    The end of a run whose length is not known is not among them: its last snapshot is taken when it has ended.
    """
    known = spans(scenario)
    instants = {0}
    for span in known.values():
        instants |= {span.start_ns} | ({span.end_ns} if span.end_ns is not None else set())
    for expectation in scenario.expect:
        instants.add(span_of(expectation, scenario, known).settled(expectation.within).start_ns)
    return sorted(instants)


class Cut(msgspec.Struct, frozen=True):
    """A shorter scenario.

    Attributes:
        scenario: what is run.
        skipped: what is not, one line each, in the order of the scenario.
        not_judged: the expectations among them.
        left_out: faults of another run, with which this one is compared; what they have changed before they are in,
            such as the way in which the log is written, is the same here.
    """

    scenario: Scenario
    skipped: tuple[str, ...] = ()
    not_judged: tuple[Expectation, ...] = ()
    left_out: tuple[Fault, ...] = ()


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
    if expectation.never is not None:
        return span.start_ns < duration_ns
    if expectation.alert is None:
        scopes = set() if expectation.expr is None else set(Expression.parse(expectation.expr, None).scopes())
        return scopes <= left and measurable(expectation, span, duration_ns)
    fires = span.start_ns + (expectation.fires_within or 0)
    resolves = (span.end_ns or duration_ns) + (expectation.resolves_within or 0)
    return max(fires, resolves if expectation.resolves_within is not None else 0) <= duration_ns


def _skipped(scenario: Scenario, shorter: Scenario) -> list[str]:
    lines: list[str] = []
    for word, field in (("phase", "phases"), ("fault", "faults"), ("step", "steps"), ("expectation", "expect")):
        left = {each.name for each in getattr(shorter, field)}
        lines += [f"{word} {each.name}" for each in getattr(scenario, field) if each.name not in left]
    return lines
