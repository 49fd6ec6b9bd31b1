"""Rates and lengths as they are typed at the keyboard."""

import re
from collections.abc import Sequence
from typing import Final

from sim.operator.refusals import RefusedError
from sim.steps.registry import MOST_TIMES
from sim.units import UNSIGNED, parse_duration
from sim.world.phases import RatedPhase

_TIMES: Final = re.compile(rf"(?P<value>{UNSIGNED})\s*(?P<times>x?)", re.IGNORECASE)


def typed_duration(text: str) -> int:
    """Return ns, more than 0.

    Raises:
        RefusedError: it is no duration.
    """
    try:
        span_ns = parse_duration(text)
    except ValueError as error:
        raise RefusedError(f"length {text}: {error}", "length") from error
    if span_ns <= 0:
        raise RefusedError(f"length {text}: must be positive; write it as in 10s", "length")
    return span_ns


def typed_times(text: str, rate_now: float) -> float:
    """Return how many times ``rate_now`` is meant: ``3x``, or ``5000`` transactions a second.

    Raises:
        RefusedError: it is neither, or more than is possible.

    Example:
        >>> typed_times("3x", 100.0), typed_times("250", 100.0)
        (3.0, 2.5)
    """
    found = _TIMES.fullmatch(text.strip())
    if found is None:
        raise RefusedError(f"rate {text}: must be a rate; write 3x, or 5000", "rate")
    value = float(found["value"].replace("_", ""))
    if not found["times"]:
        if not rate_now:
            raise RefusedError(f"rate {text}: nothing is planned now of which it could be a multiple", "rate")
        value /= rate_now
    if not 0 <= value <= MOST_TIMES:
        raise RefusedError(
            f"rate {text}: is {value:.3g} times what is offered; at most {MOST_TIMES:g} times can be", "rate"
        )
    return value


def planned_rate(phases: Sequence[RatedPhase], at_ns: int) -> float:
    """Return the planned rate at an instant, in transactions a second; of arrivals that swing, their mean."""
    start_ns = 0
    for phase in phases:
        if at_ns < start_ns + phase.duration_ns:
            return phase.rate + (phase.end_rate - phase.rate) * (at_ns - start_ns) / phase.duration_ns
        start_ns += phase.duration_ns
    return 0.0
