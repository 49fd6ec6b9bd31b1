"""A condition on metrics over a span of the run."""

from actors.telemetry.expression import Expression
from actors.telemetry.snapshot import Snapshot
from sim.expectations.proof import NO_SAMPLES, Proof, prove
from sim.expectations.result import ExpectationResult, ExpectationState, Samples, wanted
from sim.expectations.windows import Windows
from sim.scenario.expectations import Expectation
from sim.scenario.timeline import Span


class Condition:
    """Judges one expectation with ``expr``.

    A condition on readings of an instant, such as a mailbox's depth, must hold at every tick of its span; any other is
    judged once, over the whole span, by what its samples prove (`sim.expectations.proof`). While the span lasts, it
    holds as long as the figures do, however few the samples.

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
            proof = Proof(holds, note="" if holds is not None else NO_SAMPLES)
        else:
            resolve = self._windows.resolver(window, self._span)
            outcome = self._expression.evaluate(resolve)
            holds, seen = outcome.holds, outcome.seen
            proof = prove(
                self._expression.condition,
                resolve,
                lambda read: self._windows.counts(window, read),
                self._expectation.min_samples,
            )
        if not self._windows.has_ended(self._span):
            return self._unjudged(finished=finished, seen=seen, when="ended", holds=bool(holds), samples=proof.samples)
        state: ExpectationState = "inconclusive" if proof.holds is None else "passed" if proof.holds else "failed"
        return self._result(state, seen, proof.note, proof.samples)

    def _unjudged(
        self, *, finished: bool, seen: str, when: str, holds: bool = False, samples: tuple[Samples, ...] = ()
    ) -> ExpectationResult:
        if finished:
            return self._result("inconclusive", seen, f"the run ended before its span {when}", samples)
        return self._result("holding" if holds else "waiting", seen, "", samples)

    def _result(
        self, state: ExpectationState, value: str, note: str = "", samples: tuple[Samples, ...] = ()
    ) -> ExpectationResult:
        rule, name = wanted(self._expectation), self._expectation.name
        return ExpectationResult(name=name, state=state, wanted=rule, value=value, note=note, samples=samples)
