"""When phases, faults and steps start and end, and at which instants a run must be measured."""

from collections.abc import Mapping

import msgspec

from sim.scenario.expectations import Expectation
from sim.scenario.scenario import ALWAYS, Scenario
from sim.world.streams import Streams


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
