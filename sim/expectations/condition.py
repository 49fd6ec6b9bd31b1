"""A condition on metrics over a span of the run."""

from actors.telemetry.expression import Expression
from actors.telemetry.nodes import OR_MORE
from actors.telemetry.snapshot import Snapshot
from sim.expectations.result import ExpectationResult, ExpectationState, wanted
from sim.expectations.windows import Windows
from sim.scenario.expectations import Expectation
from sim.scenario.timeline import Span


class Condition:
    """Judges one expectation with ``expr``.

    A condition on readings of an instant, such as a mailbox's depth, must hold at every tick of its span; any other is
    judged once, over the whole span.

    Args:
        expectation: with ``expr``.
        expression: the same, parsed.
        span: settling time taken off.
        windows: of the run.
    """

    def __init__(self, expectation: Expectation, expression: Expression, span: Span, windows: Windows) -> None:
        self._expectation = expectation
        self._expression = expression
        self._span = span
        self._windows = windows
        self._instant: tuple[bool, str] | None = None  # the first tick at which it did not hold, else the latest

    def tick(self, now_ns: int, snapshot: Snapshot) -> None:
        """Look at a snapshot, ``now_ns`` since the run began."""
        if not self._expression.instant or (self._instant is not None and not self._instant[0]):
            return
        if now_ns >= self._span.start_ns and (self._span.end_ns is None or now_ns <= self._span.end_ns):
            outcome = self._expression.evaluate(self._windows.resolver(self._windows.instant(snapshot)))
            if outcome.holds is not None:
                self._instant = outcome.holds, outcome.seen

    def result(self, last: Snapshot, now_ns: int, *, finished: bool) -> ExpectationResult:
        """Return how it stands at ``now_ns``, when ``last`` is the latest snapshot."""
        window = self._windows.over(self._span, last) if now_ns > self._span.start_ns else None
        if window is None:
            return self._unjudged(finished=finished, seen="", when="began")
        if self._expression.instant:
            holds, seen = self._instant or (None, "")
            if holds and finished and self._expression.lasting:
                outcome = self._expression.evaluate(self._windows.resolver(window, self._span))
                holds, seen = outcome.holds, outcome.seen
        else:
            outcome = self._expression.evaluate(self._windows.resolver(window, self._span))
            holds, seen = outcome.holds, outcome.seen
        if not self._windows.has_ended(self._span):
            return self._unjudged(finished=finished, seen=seen, when="ended", holds=bool(holds))
        if holds is None:
            return self._result("inconclusive", seen, self._why_open(seen))
        return self._result("passed" if holds else "failed", seen)

    def _unjudged(self, *, finished: bool, seen: str, when: str, holds: bool = False) -> ExpectationResult:
        if finished:
            return self._result("inconclusive", seen, f"the run ended before its span {when}")
        return self._result("holding" if holds else "waiting", seen)

    def _why_open(self, seen: str) -> str:
        if OR_MORE in seen:
            return "of a percentile beyond 1 h only that is known, which does not settle it"
        return "there were no samples to judge it by"

    def _result(self, state: ExpectationState, value: str, note: str = "") -> ExpectationResult:
        rule = wanted(self._expectation)
        return ExpectationResult(name=self._expectation.name, state=state, wanted=rule, value=value, note=note)
