"""The scenario that plays a run again as it was played: the same faults and steps at the same instants, no hands."""

from collections.abc import Collection, Iterator, Sequence

import msgspec

from sim.chance import Streams
from sim.faults.fault import Fault, Injection, LastingFault, Occurrence
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
    streams = Streams(scenario.seed)
    came = [(fault, None) for fault in scenario.faults] if faults is None else list(faults.played())
    played = tuple(filter(None, (_played(fault, each, ended_ns, streams) for fault, each in came)))
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


def _played(fault: Fault, came: Sequence[Occurrence] | None, ended_ns: int | None, streams: Streams) -> Fault | None:
    """Return ``fault`` as it came, None if it did not come before the end.

    One that came at other instants than it says has them one by one, under its own name: what it draws is the same.

    Args:
        fault: as planned.
        came: its injections as hands have left them; None: they came as planned.
        ended_ns: of a run that someone ended before its time; what was in was lifted then.
        streams: of the run, from which jitter is drawn.
    """
    if came is None:
        if ended_ns is None or not (fault.recurs or fault.jitter):
            return fault
        came = fault.occurrences(streams)
    if ended_ns is not None:
        came = [each.cut(ended_ns) for each in came if each.inject_at < ended_ns]
    if not came:
        return None
    lasts = [None if lift_at is None else lift_at - inject_at for inject_at, lift_at in came]
    if not isinstance(fault, LastingFault):
        lasts = [None] * len(came)
    again = tuple(
        Injection(at=each.inject_at, duration=each_lasts) for each, each_lasts in zip(came, lasts, strict=True)
    )[1:]
    exact = msgspec.structs.replace(fault, at=came[0].inject_at, jitter=0, repeat=None, again=again or None)
    return exact if lasts[0] is None else msgspec.structs.replace(exact, duration=lasts[0])


def _measurable(expectation: Expectation, scenario: Scenario) -> bool:
    known = spans(scenario)
    if expectation.during is not None and expectation.during not in known:
        return False
    return measurable(expectation, span_of(expectation, scenario, known))
