"""Ending a run early: the first condition of ``abort_on`` that holds, and what was seen then."""

from collections.abc import Iterator

import msgspec

from actors.core.clock import NS_PER_S
from actors.telemetry.expression.expression import Expression
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.window import Window
from sim.scenario.scenario import Scenario


class Aborted(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run was ended before its time.

    Attributes:
        at_s: when, since the run began.
        by: the condition that held.
        seen: its figures over the last 10 s.
    """

    at_s: float
    by: str
    seen: str

    def __str__(self) -> str:
        """Return it for a reader."""
        return f"aborted at {round(self.at_s, 3):,.10g} s by {self.by}: {self.seen}"


def unheeded(scenario: Scenario) -> tuple[str, ...]:
    """Return a line for each condition of ``abort_on`` that reads what the run's clock knows nothing of."""
    why = "a figure of this process, which says nothing on the virtual clock: it cannot end this run"
    return tuple(f"abort_on: {each}: {why}" for each in _conditions(scenario) if not _heeded(each, scenario))


def _conditions(scenario: Scenario) -> Iterator[Expression]:
    return map(Expression.parse, scenario.abort_on)


def _heeded(expression: Expression, scenario: Scenario) -> bool:
    return not (expression.of_process and scenario.clock == "virtual")


class AbortWatch:
    """Looks at every tick whether a run is to go on; figures are of the last 10 s, as those of alerts.

    Attributes:
        aborted: why it is not; None as long as it is.

    Args:
        scenario: what is run.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._expressions = tuple(each for each in _conditions(scenario) if _heeded(each, scenario))
        self.aborted: Aborted | None = None

    def holds(self, recent: Window) -> bool:
        """Return whether a condition holds in ``recent``, and keep which."""
        for expression in self._expressions:
            found = expression.evaluate(lambda _, metric: read(metric, recent))
            if found.holds:
                at_s = (recent.newer.at_ns - recent.newer.started_ns) / NS_PER_S
                self.aborted = Aborted(at_s=at_s, by=str(expression), seen=found.seen)
                return True
        return False
