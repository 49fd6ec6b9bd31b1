"""Judges the expectations of one run: each a condition on metrics, an alert in time, or an alert that must not fire."""

from collections.abc import Iterator
from heapq import merge
from itertools import groupby

from actors.telemetry.expression.expression import Expression
from actors.telemetry.snapshot import Snapshot
from sim.judging.every_window import EveryWindow
from sim.judging.expected_alert import AlertLog, ExpectedAlert, ExpectedSilence
from sim.judging.result import ExpectationResult, ExpectationState, Samples, skipped, wanted
from sim.judging.significance import NO_SAMPLES, Proof, prove
from sim.judging.windows import QualityOf, ReferenceOf, Windows
from sim.scenario.scenario import Expectation, Scenario
from sim.scenario.timeline import Span, duration_ns, marks, span_of, spans


class ExpectedCondition:
    """Judges one expectation with ``expr``.

    A condition on readings of an instant, such as a mailbox's depth, must hold at every tick of its span; any other is
    judged once, over the whole span, by what its samples prove (`sim.judging.significance`). While the span lasts, it
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


class Judge:
    """Judges the expectations of one run.

    The run gives it a snapshot at each of `instants`, every snapshot of its monitor, and what the alerts did. All
    instants are ns since the run began.

    Attributes:
        marks: when a snapshot must be taken, sorted.
        windows: the snapshots taken so far, for the summary's figures by span.
        alerts: what the alerts did so far.

    Args:
        scenario: as run, after any cut.
        reference: what the model that served at a snapshot was trained on, for metrics of drift.
        quality: how good the decisions of a span were; asked once the run has finished and labels are joined.
    """

    def __init__(
        self, scenario: Scenario, reference: ReferenceOf | None = None, quality: QualityOf | None = None
    ) -> None:
        known = spans(scenario)
        end_ns = duration_ns(scenario)
        self.marks = marks(scenario)
        self.windows = Windows(known, end_ns, reference, quality)
        self.alerts = AlertLog()
        self._judges: list[ExpectedCondition | EveryWindow | ExpectedAlert | ExpectedSilence | ExpectationResult] = []
        for expectation in scenario.expect:
            span = span_of(expectation, scenario, known)
            if expectation.never is not None:
                self._judges.append(ExpectedSilence(expectation, span, self.alerts))
            elif expectation.expr is None:
                self._judges.append(ExpectedAlert(expectation, span, self.alerts))
            else:
                expression = Expression.parse(expectation.expr, known)
                if expression.of_process and scenario.clock == "virtual":
                    self._judges.append(skipped(expectation, "a figure of this process, which says nothing here"))
                    continue
                settled = span.settled(expectation.within)
                if expectation.every is None:
                    self._judges.append(ExpectedCondition(expectation, expression, settled, self.windows))
                else:
                    self._judges.append(EveryWindow(expectation, expression, settled, self.windows, end_ns))

    def instants(self) -> Iterator[tuple[int, bool]]:
        """Yield when a snapshot must be taken, in order, and whether for `mark`; the others are for `look`."""
        marked = ((at_ns, True) for at_ns in self.marks)
        windows = (((at_ns, False) for at_ns in each.instants()) for each in self._windowed())
        for at_ns, same in groupby(merge(marked, *windows), key=lambda each: each[0]):
            yield at_ns, any(mark for _, mark in same)

    def mark(self, at_ns: int, snapshot: Snapshot) -> None:
        """Take the snapshot of a mark."""
        self.windows.mark(at_ns, snapshot)
        self.look(at_ns, snapshot)

    def look(self, at_ns: int, snapshot: Snapshot) -> None:
        """Take a snapshot at which windows begin or end; it is not kept for longer than they need it."""
        for judge in self._windowed():
            judge.look(at_ns, snapshot)

    def tick(self, now_ns: int, snapshot: Snapshot) -> None:
        """Look at a snapshot of the monitor."""
        for judge in self._judges:
            if isinstance(judge, ExpectedCondition):
                judge.tick(now_ns, snapshot)

    def alert(self, alert: str, state: str, at_ns: int) -> None:
        """Note that ``alert`` changed to ``state``."""
        if state == "firing":
            self.alerts.fired(alert, at_ns)
        elif state in ("resolved", "inactive"):
            self.alerts.resolved(alert, at_ns)

    def standing(self, last: Snapshot, now_ns: int) -> tuple[ExpectationResult, ...]:
        """Return how each expectation stands while the run goes on, in the order of the scenario."""
        return self._results(last, now_ns, finished=False)

    def finish(self, final: Snapshot, now_ns: int) -> tuple[ExpectationResult, ...]:
        """Return how each expectation ended; ``final`` is the snapshot after the drain, ``now_ns`` when it began."""
        self.windows.finish(final, now_ns)
        for judge in self._windowed():
            judge.finish(final, now_ns)
        return self._results(final, now_ns, finished=True)

    def _windowed(self) -> Iterator[EveryWindow]:
        yield from (judge for judge in self._judges if isinstance(judge, EveryWindow))

    def _results(self, last: Snapshot, now_ns: int, *, finished: bool) -> tuple[ExpectationResult, ...]:
        results: list[ExpectationResult] = []
        for judge in self._judges:
            if isinstance(judge, ExpectedCondition):
                results.append(judge.result(last, now_ns, finished=finished))
            elif isinstance(judge, EveryWindow):
                results.append(judge.result(finished=finished))
            elif isinstance(judge, ExpectedAlert | ExpectedSilence):
                results.append(judge.result(now_ns, finished=finished))
            else:
                results.append(judge)
        return tuple(results)
