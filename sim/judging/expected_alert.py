"""Expectations about alerts: one that must fire and be resolved in time, one that must never fire."""

from sim.judging.result import ExpectationResult, ExpectationState, wanted
from sim.scenario.scenario import Expectation
from sim.scenario.timeline import Span
from sim.units import measured_duration


class AlertLog:
    """When each alert fired and resolved, ns since the run began."""

    def __init__(self) -> None:
        self._firings: dict[str, list[tuple[int, int | None]]] = {}

    def fired(self, alert: str, at_ns: int) -> None:
        """Note that ``alert`` began to fire."""
        self._firings.setdefault(alert, []).append((at_ns, None))

    def resolved(self, alert: str, at_ns: int) -> None:
        """Note that ``alert`` stopped firing."""
        firings = self._firings.get(alert)
        if firings and firings[-1][1] is None:
            firings[-1] = firings[-1][0], at_ns

    def firings(self, alert: str) -> tuple[tuple[int, int | None], ...]:
        """Return from when to when it fired, in order; None is not over."""
        return tuple(self._firings.get(alert, ()))


class ExpectedAlert:
    """Judges one expectation with ``alert``.

    Firing counts from the start of the span, resolving from its end; a firing that began before the span was not
    caused by it, and fails the expectation.

    Args:
        expectation: with ``alert``.
        span: what should cause it.
        log: what the alerts of the run did.
    """

    def __init__(self, expectation: Expectation, span: Span, log: AlertLog) -> None:
        self._expectation = expectation
        self._span = span
        self._log = log

    def result(self, now_ns: int, *, finished: bool) -> ExpectationResult:
        """Return how it stands at ``now_ns``, since the run began."""
        start_ns, end_ns = self._span.start_ns, self._span.end_ns
        firings = self._log.firings(self._expectation.alert or "")
        if any(fired < start_ns and (over is None or over > start_ns) for fired, over in firings):
            return self._result("failed", "it was firing before")
        fires_by = None if self._expectation.fires_within is None else start_ns + self._expectation.fires_within
        last = None if end_ns is None else max(end_ns, fires_by or 0)  # what fires later has another cause
        caused = [each for each in firings if each[0] >= start_ns and (last is None or each[0] <= last)]
        first = caused[0][0] if caused else None
        parts = [self._fires(first, fires_by, now_ns)]
        seen = [] if first is None else [f"fired after {measured_duration(first - start_ns)}"]
        if self._expectation.resolves_within is not None and end_ns is None:
            parts.append(None)  # there is no end to be resolved after
        elif self._expectation.resolves_within is not None and end_ns is not None:
            by_ns = end_ns + self._expectation.resolves_within
            parts.append(None if first is None else _resolves(firings, by_ns, now_ns))
            if first is not None:
                seen += _resolved_text([over for fired, over in firings if start_ns <= fired <= by_ns], end_ns)
        return self._judged(parts, ", ".join(seen) or ("never fired" if now_ns > start_ns else ""), finished=finished)

    def _fires(self, first: int | None, by_ns: int | None, now_ns: int) -> bool | None:
        if by_ns is None:
            return True
        if first is not None:
            return first <= by_ns
        return False if now_ns >= by_ns else None

    def _judged(self, parts: list[bool | None], seen: str, *, finished: bool) -> ExpectationResult:
        if False in parts:
            return self._result("failed", seen)
        if None not in parts:
            return self._result("passed", seen)
        if finished:
            return self._result("inconclusive", seen, "the run ended before it could be judged")
        return self._result("waiting", seen)

    def _result(self, state: ExpectationState, value: str, note: str = "") -> ExpectationResult:
        rule = wanted(self._expectation)
        return ExpectationResult(name=self._expectation.name, state=state, wanted=rule, value=value, note=note)


def _resolves(firings: tuple[tuple[int, int | None], ...], by_ns: int, now_ns: int) -> bool | None:
    """Return whether no firing lasts beyond ``by_ns``; None while that is not known."""
    if any(fired <= by_ns and over is not None and over > by_ns for fired, over in firings):
        return False
    still = any(fired <= by_ns and over is None for fired, over in firings)
    if still:
        return False if now_ns >= by_ns else None
    return True


def _resolved_text(overs: list[int | None], end_ns: int) -> list[str]:
    """Return how the last firing ended; a later one, which has another cause, is none of ``overs``."""
    if not overs:
        return []
    over = overs[-1]
    if over is None:
        return ["not resolved"]
    return [
        f"resolved {measured_duration(over - end_ns)} after its end" if over > end_ns else "resolved before its end"
    ]


class ExpectedSilence:
    """Judges one expectation with ``never``: the alert fires at no time of the span.

    Args:
        expectation: with ``never``.
        span: in which it must be silent; a firing that began before and goes on in it breaks the promise too.
        log: what the alerts of the run did.
    """

    def __init__(self, expectation: Expectation, span: Span, log: AlertLog) -> None:
        self._expectation = expectation
        self._span = span
        self._log = log

    def result(self, now_ns: int, *, finished: bool) -> ExpectationResult:
        """Return how it stands at ``now_ns``, since the run began."""
        start_ns, end_ns = self._span.start_ns, self._span.end_ns
        firings = self._log.firings(self._expectation.never or "")
        broken = [
            fired
            for fired, over in firings
            if (end_ns is None or fired < end_ns) and (over is None or over > start_ns) and fired <= now_ns
        ]
        if broken:
            at_ns = broken[0]
            when = "was firing before" if at_ns < start_ns else f"fired after {measured_duration(at_ns - start_ns)}"
            return self._result("failed", when if len(broken) == 1 else f"{when}, {len(broken)} times in all")
        if finished and end_ns is not None and now_ns < end_ns:
            return self._result("inconclusive", "never fired", "the run ended before its span ended")
        over = finished or (end_ns is not None and now_ns >= end_ns)
        if now_ns <= start_ns and not over:
            return self._result("waiting", "")
        return self._result("passed" if over else "holding", "never fired")

    def _result(self, state: ExpectationState, value: str, note: str = "") -> ExpectationResult:
        rule = wanted(self._expectation)
        return ExpectationResult(name=self._expectation.name, state=state, wanted=rule, value=value, note=note)
