"""How one expectation stands."""

from typing import Literal

import msgspec

from sim.scenario.expectations import Expectation
from sim.scenario.scenario import ALWAYS
from sim.units import render_duration

ExpectationState = Literal["waiting", "holding", "passed", "failed", "inconclusive", "skipped"]


class ExpectationResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one expectation stands.

    Attributes:
        state: waiting or holding while its span lasts; passed, failed or inconclusive once it is judged; skipped when
            the run was cut before it, or when it is about this process and the machine is modelled.
        wanted: the rule, with its span, as the scenario states it.
        value: what was seen, with unit; "" where there was nothing to see.
        note: why it could not be judged; "" otherwise.
    """

    name: str
    state: ExpectationState
    wanted: str
    value: str = ""
    note: str = ""


def wanted(expectation: Expectation) -> str:
    """Return the rule in words.

    Example:
        >>> wanted(Expectation(name="tail", during="burst", expr="latency.p95 < 50ms"))
        'latency.p95 < 50ms during burst'
    """
    if expectation.expr is not None:
        settling = f", {render_duration(expectation.within)} after its start" if expectation.within else ""
        return f"{expectation.expr} during {expectation.during or ALWAYS}{settling}"
    parts = [
        f"{verb} within {render_duration(span)}"
        for verb, span in (("fires", expectation.fires_within), ("resolves", expectation.resolves_within))
        if span is not None
    ]
    of = f" of {expectation.during}" if expectation.during else ""
    return f"{expectation.alert} {' and '.join(parts)}{of}"


def skipped(expectation: Expectation, note: str = "the run was cut short") -> ExpectationResult:
    """Return the result of an expectation that is not judged, and ``note`` why."""
    return ExpectationResult(name=expectation.name, state="skipped", wanted=wanted(expectation), note=note)
