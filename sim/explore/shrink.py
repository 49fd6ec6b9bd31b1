"""A failure reduced to the fewest faults and the shortest times that still fail."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from actors.core.errors import ScenarioError
from actors.pipeline import Pipeline
from actors.telemetry.expression.expression import Expression
from sim.explore.attempt import Attempt, attempt
from sim.faults.fault import Fault, LastingFault
from sim.run.composition import NO_ATTACHMENTS
from sim.scenario.loader import parse
from sim.scenario.render import resolved
from sim.scenario.scenario import Expectation, Scenario
from sim.scenario.timeline import Cut, cut, duration_ns, phase_spans, spans
from sim.units import NS_PER

MOST_RUNS = 200  # halving a dozen times takes about 60 runs; beyond this the rest is not worth the wait
FINEST_NS = NS_PER["ms"]
SHARES = (0.0, 0.25, 0.5, 0.75)  # of a time, that are tried instead of it, the boldest first


@dataclass(slots=True)
class Shrinker:
    """Makes a failing scenario smaller, step by step, as long as it fails with something that it failed with before.

    First faults are left out one by one. Then, over and over until nothing helps: faults are shortened, the run is cut,
    and all that comes before the first fault is shortened.

    Attributes:
        runs: made so far.

    Args:
        model: folder of the model.
        alter: plants a mistake in the pipeline, for tests.
    """

    model: Path
    alter: Callable[[Pipeline], None] = field(default=NO_ATTACHMENTS.alter)
    runs: int = 0

    def shrink(self, scenario: Scenario, failure: Attempt) -> tuple[Scenario, Attempt]:
        """Return the smallest scenario found that still fails, and what came of it.

        Args:
            scenario: that fails.
            failure: what came of it.
        """
        wanted = {(each.what, each.name) for each in failure.broken}
        best, kept = scenario, failure
        for propose in (_fewer_faults, _shorter):
            better = True
            while better and self.runs < MOST_RUNS:
                better = False
                for candidate in propose(best):
                    found = self._fails(candidate, wanted)
                    if found is not None:
                        best, kept, better = candidate, found, True
                        break
        return best, kept

    def _fails(self, candidate: Scenario, wanted: set[tuple[str, str]]) -> Attempt | None:
        """Return what came of ``candidate`` if it fails as wanted; None if it does not, or is no scenario."""
        if self.runs >= MOST_RUNS:
            return None
        try:
            scenario = parse(resolved(candidate), "a smaller scenario")
        except ScenarioError:
            return None
        self.runs += 1
        found = attempt(Cut(scenario), self.model, self.alter)
        return found if wanted & {(each.what, each.name) for each in found.broken} else None


def _fewer_faults(scenario: Scenario) -> Iterator[Scenario]:
    """Yield the scenario without each of its faults."""
    for fault in scenario.faults:
        left = tuple(each for each in scenario.faults if each is not fault)
        yield _consistent(msgspec.structs.replace(scenario, faults=left))


def _consistent(scenario: Scenario) -> Scenario:
    """Return the scenario without expectations about phases or faults that it has no more."""
    known = spans(scenario).keys()
    return msgspec.structs.replace(
        scenario, expect=tuple(each for each in scenario.expect if _scopes(each, scenario) <= known)
    )


def _scopes(expectation: Expectation, scenario: Scenario) -> set[str]:
    """Return the phases and faults that an expectation is about."""
    if expectation.during is None and expectation.alert is not None:
        return {each.name for each in scenario.faults} or {
            "no fault"
        }  # one fault, or the one that it was about is gone
    scopes = set() if expectation.expr is None else set(Expression.parse(expectation.expr, None).scopes())
    return scopes | ({expectation.during} if expectation.during else set())


def _shorter(scenario: Scenario) -> Iterator[Scenario]:
    """Yield the scenario with one of its times shorter, the boldest proposals first."""
    planned_ns = duration_ns(scenario)
    if planned_ns is not None:
        for length_ns in _below(planned_ns):
            if length_ns:
                yield cut(scenario, length_ns).scenario
    first_ns = min((fault.at for fault in scenario.faults), default=0)
    for at_ns in _below(first_ns):
        yield _earlier(scenario, first_ns - at_ns)
    for fault in scenario.faults:
        if isinstance(fault, LastingFault):
            for length_ns in _below(fault.duration):
                if length_ns:
                    yield _with(scenario, fault, duration=length_ns)


def _below(span_ns: int) -> Iterator[int]:
    """Yield times shorter than ``span_ns`` that are worth a run."""
    for share in SHARES:
        shorter_ns = int(span_ns * share) // FINEST_NS * FINEST_NS
        if shorter_ns < span_ns:
            yield shorter_ns


def _earlier(scenario: Scenario, shift_ns: int) -> Scenario:
    """Return the scenario with every fault earlier, and that much taken from the phases before the first of them."""
    phases, left_ns = [], shift_ns
    starts = {name: span.start_ns for name, span in phase_spans(scenario).items()}
    first_ns = min(fault.at for fault in scenario.faults)
    for phase in scenario.phases:
        room_ns = min(phase.duration or 0, max(0, first_ns - starts[phase.name]), left_ns)
        left_ns -= room_ns
        if phase.duration is None or phase.duration > room_ns:
            shorter: dict[str, Any] = {} if phase.duration is None else {"duration": phase.duration - room_ns}
            phases.append(msgspec.structs.replace(phase, **shorter))
    moved = scenario
    for fault in scenario.faults:
        moved = _with(moved, fault, at=fault.at - shift_ns)
    return _consistent(msgspec.structs.replace(moved, phases=tuple(phases)))


def _with(scenario: Scenario, fault: Fault, **changes: int) -> Scenario:
    """Return the scenario with ``fault`` changed."""
    values: dict[str, Any] = dict(changes)
    faults = tuple(
        msgspec.structs.replace(each, **values) if each.name == fault.name else each for each in scenario.faults
    )
    return msgspec.structs.replace(scenario, faults=faults)
