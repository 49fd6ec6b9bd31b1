"""A condition that must hold in each window of its span, and not only over all of it.

An outage in the last ten seconds of five minutes moves a figure of the whole by a thirtieth; the window that it lies in
is nothing else. Each window is the difference of two snapshots, as the whole span is, so every figure means the same.
Kept are the snapshots at which open windows began, and what the worst window came to: two or three, however many
windows there are.

The last window ends with its span, and is as long as the others: where the span is no multiple, it begins before the
one before it has ended. Where nobody knows the end beforehand, what is left joins the last window.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from math import inf

from actors.core.clock import NS_PER_S
from actors.telemetry.expression.expression import Expression
from actors.telemetry.expression.nodes import Comparison, Condition, Resolve
from actors.telemetry.snapshot import Snapshot
from sim.judging.result import ExpectationResult, ExpectationState, Samples, WindowTally, between, wanted
from sim.judging.significance import prove
from sim.judging.windows import Windows
from sim.scenario.scenario import Expectation
from sim.scenario.timeline import Span, window_spans

_RANKS = {True: 0, None: 1, False: 2}


def excess(condition: Condition, resolve: Resolve) -> float:
    """Return by how much figures are beyond what is wanted, as a share of that; below 0 they keep within it.

    Of parts joined by ``and`` the worst counts, by ``or`` the best. A part without samples is out of the count.

    Example:
        >>> expression = Expression.parse("latency.p95 < 50ms and error_ratio < 1%")
        >>> excess(expression.condition, lambda _, metric: {"latency.p95": 75_000, "error_ratio": 0.005}[metric])
        0.5
    """
    if not isinstance(condition, Comparison):
        parts = [excess(part, resolve) for part in condition.parts]
        return (min if condition.word == "or" else max)(parts)
    left, right = condition.left.evaluate(resolve), condition.right.evaluate(resolve)
    if left is None or right is None:
        return -inf
    if left.open or right.open:
        return inf if condition.evaluate(resolve) is False else -inf
    apart = left.low - right.low
    apart = {"<": apart, "<=": apart, ">": -apart, ">=": -apart, "==": abs(apart), "!=": -abs(apart)}[condition.sign]
    return apart / abs(right.low) if right.low else apart


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one window came to."""

    span: Span
    holds: bool | None
    excess: float
    seen: str
    samples: tuple[Samples, ...]
    note: str

    @property
    def badness(self) -> tuple[int, float]:
        """What the worst one has most of."""
        return _RANKS[self.holds], self.excess


class EveryWindow:
    """Judges one expectation with ``every``: fails with the first window that proves it, passes if each one does.

    Args:
        expectation: with ``expr`` and ``every``.
        expression: the first, parsed.
        span: settling time taken off.
        windows: of the run.
        run_ends_ns: planned end of the run; None when its events end it.
    """

    def __init__(
        self, expectation: Expectation, expression: Expression, span: Span, windows: Windows, run_ends_ns: int | None
    ) -> None:
        self._expectation = expectation
        self._expression = expression
        self._span = span
        self._windows = windows
        self._run_ends_ns = run_ends_ns
        self._every_ns = expectation.every or 0
        self._to_come = window_spans(span, self._every_ns)
        self._open: list[tuple[Span, Snapshot | None]] = []
        self._held_back: tuple[Span, Snapshot, Snapshot] | None = None  # may be the last one, of a run without an end
        self._count = 0
        self._failed = 0
        self._unproved = 0
        self._worst: _Judged | None = None
        self._first_unproved: _Judged | None = None
        self._announce()
        self._announce()

    def instants(self) -> Iterator[int]:
        """Yield when windows begin and end, in order; an instant may come twice."""
        begin = (each.start_ns for each in window_spans(self._span, self._every_ns))
        end = (each.end_ns or 0 for each in window_spans(self._span, self._every_ns))
        return merge(begin, end)

    def look(self, at_ns: int, snapshot: Snapshot) -> None:
        """Take the snapshot of one of `instants`."""
        while self._open and self._open[0][0].end_ns == at_ns != self._run_ends_ns:  # what that ends the drain ends
            span, older = self._open.pop(0)
            self._announce()
            if older is not None:
                self._over(span, older, snapshot)
        self._open = [(span, snapshot if span.start_ns == at_ns else older) for span, older in self._open]

    def finish(self, final: Snapshot, now_ns: int) -> None:
        """Judge the window that ends with the run; ``final`` is the snapshot after the drain, which began then."""
        if self._span.end_ns is None:
            if self._held_back is not None:
                span, began, _ = self._held_back
                self._judge(Span(span.start_ns, now_ns), began, final)
                self._open = []
        elif self._run_ends_ns is not None and now_ns >= self._run_ends_ns:
            for span, older in self._open:
                if older is not None:
                    self._judge(span, older, final)
            self._open = []

    def result(self, *, finished: bool) -> ExpectationResult:
        """Return how it stands."""
        state, note = self._standing(finished=finished)
        worst = self._worst
        return ExpectationResult(
            name=self._expectation.name,
            state=state,
            wanted=wanted(self._expectation),
            value="" if worst is None else worst.seen,
            note=note,
            samples=() if worst is None else worst.samples,
            windows=None if worst is None else self._tally(worst),
        )

    def _standing(self, *, finished: bool) -> tuple[ExpectationState, str]:
        if self._failed:
            return "failed", ""
        if self._open and finished:
            return "inconclusive", f"the run ended before its {'span' if self._count else 'first window'} ended"
        if self._open:
            return ("holding" if self._count and self._first_unproved is None else "waiting"), ""
        first = self._first_unproved
        if first is None:
            return "passed", ""
        which = f"{self._unproved:,} of {self._count:,} windows cannot be judged"
        return "inconclusive", f"{which}, the first from {between(*_seconds(first.span))}: {first.note}"

    def _announce(self) -> None:
        span = next(self._to_come, None)
        if span is not None:
            self._open.append((span, None))

    def _over(self, span: Span, older: Snapshot, newer: Snapshot) -> None:
        if self._span.end_ns is not None:
            self._judge(span, older, newer)
            return
        before, self._held_back = self._held_back, (span, older, newer)
        if before is not None:
            self._judge(*before)

    def _judge(self, span: Span, older: Snapshot, newer: Snapshot) -> None:
        window = self._windows.between(older, newer)
        resolve = self._windows.resolver(window)
        proof = prove(
            self._expression.condition,
            resolve,
            lambda read: self._windows.counts(window, read),
            self._expectation.min_samples,
        )
        seen = self._expression.evaluate(resolve).seen
        far = excess(self._expression.condition, resolve)
        judged = _Judged(span, proof.holds, far, seen, proof.samples, proof.note)
        self._count += 1
        self._failed += proof.holds is False
        self._unproved += proof.holds is None
        if proof.holds is None and self._first_unproved is None:
            self._first_unproved = judged
        if self._worst is None or judged.badness > self._worst.badness:
            self._worst = judged

    def _tally(self, worst: _Judged) -> WindowTally:
        start_s, end_s = _seconds(worst.span)
        return WindowTally(
            every_s=self._every_ns / NS_PER_S,
            of=self._count,
            failed=self._failed,
            inconclusive=self._unproved,
            worst_from_s=start_s,
            worst_to_s=end_s,
        )


def _seconds(span: Span) -> tuple[float, float]:
    return span.start_ns / NS_PER_S, (span.start_ns if span.end_ns is None else span.end_ns) / NS_PER_S
