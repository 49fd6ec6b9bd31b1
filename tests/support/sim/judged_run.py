"""A judged run, measured by hand."""

from collections.abc import Mapping
from itertools import takewhile

from actors.core.batches import Mode
from actors.core.clock import NS_PER_S
from actors.telemetry.snapshot import Gauges, Snapshot
from actors.telemetry.telemetry import Telemetry
from sim.judging.judge import Judge
from sim.judging.result import ExpectationResult
from sim.scenario.loader import parse
from tests.support.actors.telemetry import decide, snapshot

SCENARIO = """\
name: drill
phases:
  - {{name: calm, duration: 10s, rate: 100}}
  - {{name: storm, duration: 10s, rate: 100}}
faults: [{{name: down, kind: feature_store_outage, at: 12s, duration: 4s}}]
expect:
  - {{name: it, {rule}}}
"""
END_S = 20


class Drill:
    """Runs a 20 s scenario with one expectation, second by second."""

    def __init__(self, rule: str, text: str = SCENARIO) -> None:
        self.telemetry = Telemetry()
        self.judge = Judge(parse(text.format(rule=rule), "drill.yaml", files_required=False))

    def run(
        self,
        latency_us: Mapping[int, int] | None = None,
        modes: Mapping[int, Mode] | None = None,
        gauges: Mapping[int, Gauges] | None = None,
        until_s: int = END_S,
    ) -> Snapshot:
        """Decide ten transactions a second, with the given exceptions by second; return the last snapshot."""
        last, due = (
            snapshot(self.telemetry, 0),
            dict(takewhile(lambda each: each[0] <= END_S * NS_PER_S, self.judge.instants())),
        )
        for second in range(until_s + 1):
            last = snapshot(self.telemetry, second, (gauges or {}).get(second))
            if (mark := due.get(second * NS_PER_S)) is not None:
                (self.judge.mark if mark else self.judge.look)(second * NS_PER_S, last)
            self.judge.tick(second * NS_PER_S, last)
            if second < until_s:
                decide(self.telemetry, 10, (latency_us or {}).get(second, 1_000), (modes or {}).get(second, Mode.FULL))
        return last

    def finish(self, last: Snapshot, at_s: float = END_S) -> ExpectationResult:
        """Return how the expectation ended."""
        (result,) = self.judge.finish(last, round(at_s * NS_PER_S))
        return result

    def standing(self, last: Snapshot, at_s: float) -> ExpectationResult:
        """Return how the expectation stands."""
        (result,) = self.judge.standing(last, round(at_s * NS_PER_S))
        return result
