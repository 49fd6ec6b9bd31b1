"""The scenario that plays a run again as it was played: the same faults and steps at the same instants, no hands."""

from collections.abc import Collection, Iterator, Sequence

import msgspec

from sim.chance import Streams
from sim.faults.fault import Fault, LastingFault, Occurrence
from sim.injection.rate_changes import RateChanges
from sim.run_parts import ChangeableFaults
from sim.scenario.scenario import Expectation, Scenario
from sim.scenario.timeline import Span, cut, duration_ns, fault_spans, measurable, span_of, spans
from sim.steps.registry import ModelRelease, ModelRollback, RateChange
from sim.steps.step import ScenarioStep


def as_played(
    scenario: Scenario,
    faults: ChangeableFaults | None,
    steps: Sequence[ScenarioStep],
    ended_ns: int | None,
    refused: Collection[str] = (),
) -> Scenario:
    """Return the scenario of what was done.

    An expectation goes that could no longer be measured: over a fault that was lifted within its settling time.

    Args:
        scenario: as the run began.
        faults: of the run, at its end; None: hands could not change them.
        steps: all that were taken or planned, those by hand too.
        ended_ns: when someone ended it before its time, from its start; None if nobody did.
        refused: names of the steps that were; those by hand are left out.
    """
    played = scenario.faults
    if faults is not None:
        played = tuple(each for fault, came in faults.played() for each in _played(fault, came))
    changes = None if faults is None else faults.rate_changes
    planned = {each.name for each in scenario.steps}
    left = [each for each in steps if each.name in planned or each.name not in refused]
    releases = [each.at for each in played if each.releases_model]
    told = msgspec.structs.replace(scenario, faults=played, steps=tuple(_taken(left, changes, releases)))
    if ended_ns is not None and ended_ns < (duration_ns(told) or ended_ns + 1):
        told = cut(told, ended_ns).scenario
    return msgspec.structs.replace(told, expect=tuple(each for each in told.expect if _measurable(each, told)))


def played_spans(scenario: Scenario, faults: ChangeableFaults | None) -> dict[str, Span]:
    """Return the span of each fault as it was played, those by hand the last; one that was lifted at once has none.

    Args:
        scenario: as the run began.
        faults: of the run, at its end; None: hands could not change them.
    """
    planned, found = fault_spans(scenario), dict[str, Span]()
    for fault, came in () if faults is None else faults.played():
        occurrences = fault.occurrences(Streams(scenario.seed)) if came is None else came
        lift_at = occurrences[-1].lift_at
        found[fault.name] = Span(occurrences[0].inject_at, duration_ns(scenario) if lift_at is None else lift_at)
    return {name: span for name, span in (planned | found).items() if span.end_ns != span.start_ns}


def _taken(
    steps: Sequence[ScenarioStep], changes: RateChanges | None, releases: Sequence[int]
) -> Iterator[ScenarioStep]:
    """Yield the steps as they were taken, but for a rollback with nothing before it, which was refused.

    Args:
        steps: all of them.
        changes: of the rate; None where hands could not change it.
        releases: when faults released a model, which a rollback takes out too.
    """
    at = [*releases, *(step.at for step in steps if isinstance(step, ModelRelease))]
    for step in steps:
        if isinstance(step, RateChange) and changes is not None:
            if (taken := changes.played(step)) is not None:
                yield taken
        elif not isinstance(step, ModelRollback) or any(release < step.at for release in at):
            yield step


def _played(fault: Fault, came: Sequence[Occurrence] | None) -> Iterator[Fault]:
    """Yield ``fault`` as it is if it came as planned, else one for each time it came, in the words of a scenario."""
    if came is None:
        yield fault
        return
    for number, (inject_at, lift_at) in enumerate(came, 1):
        name = fault.name if number == 1 else f"{fault.name}-{number}"
        once = msgspec.structs.replace(fault, name=name, at=inject_at, jitter=0, repeat=None)
        if isinstance(once, LastingFault) and lift_at is not None:
            if lift_at > inject_at:
                yield msgspec.structs.replace(once, duration=lift_at - inject_at)
        else:
            yield once


def _measurable(expectation: Expectation, scenario: Scenario) -> bool:
    known = spans(scenario)
    if expectation.during is not None and expectation.during not in known:
        return False
    return measurable(expectation, span_of(expectation, scenario, known))
