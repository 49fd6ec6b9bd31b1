"""All expectations of one run."""

from actors.telemetry.expression import Expression
from actors.telemetry.snapshot import Snapshot
from sim.expectations.alarm import Alarm, AlertLog
from sim.expectations.condition import Condition
from sim.expectations.result import ExpectationResult, skipped
from sim.expectations.windows import QualityOf, ReferenceOf, Windows
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import duration_ns, marks, span_of, spans


class Judge:
    """Judges the expectations of one run.

    The run gives it a snapshot at each of `marks`, every snapshot of its monitor, and what the alerts did. All
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
        self.marks = marks(scenario)
        self.windows = Windows(known, duration_ns(scenario), reference, quality)
        self.alerts = AlertLog()
        self._judges: list[Condition | Alarm | ExpectationResult] = []
        for expectation in scenario.expect:
            span = span_of(expectation, scenario, known)
            if expectation.expr is None:
                self._judges.append(Alarm(expectation, span, self.alerts))
            else:
                expression = Expression.parse(expectation.expr, known)
                if expression.of_process and scenario.clock == "virtual":
                    self._judges.append(skipped(expectation, "a figure of this process, which says nothing here"))
                    continue
                settled = span.settled(expectation.within)
                self._judges.append(Condition(expectation, expression, settled, self.windows))

    def mark(self, at_ns: int, snapshot: Snapshot) -> None:
        """Take the snapshot of a mark."""
        self.windows.mark(at_ns, snapshot)

    def tick(self, now_ns: int, snapshot: Snapshot) -> None:
        """Look at a snapshot of the monitor."""
        for judge in self._judges:
            if isinstance(judge, Condition):
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
        return self._results(final, now_ns, finished=True)

    def _results(self, last: Snapshot, now_ns: int, *, finished: bool) -> tuple[ExpectationResult, ...]:
        results: list[ExpectationResult] = []
        for judge in self._judges:
            if isinstance(judge, Condition):
                results.append(judge.result(last, now_ns, finished=finished))
            elif isinstance(judge, Alarm):
                results.append(judge.result(now_ns, finished=finished))
            else:
                results.append(judge)
        return tuple(results)
