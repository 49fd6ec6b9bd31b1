"""What a rule read, tick by tick: enough to say what it would have done with another threshold or another wait."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from actors.core.clock import NS_PER_S
from actors.telemetry.alerts.life import AlertLife, AlertState
from actors.telemetry.expression.expression import Expression

Figures = Mapping[str, float | None]
"""What each metric that a rule reads was, in one window."""


def resolver(figures: Figures) -> Callable[[str | None, str], float | None]:
    """Return what gives an expression these figures."""
    return lambda _scope, metric: figures[metric]


@dataclass(slots=True)
class RuleSeries:
    """The figures of one rule over a run.

    Attributes:
        at_ns: when the rule was evaluated, since the run began.
        figures: at each of these instants, in each of its windows.
    """

    at_ns: list[int] = field(default_factory=list)
    figures: list[tuple[Figures, ...]] = field(default_factory=list)

    def add(self, now_ns: int, figures: Sequence[Figures]) -> None:
        """Take in an evaluation."""
        self.at_ns.append(now_ns)
        self.figures.append(tuple(figures))

    def firings(
        self, expression: Expression, for_s: float, keep_firing_for_s: float = 0.0
    ) -> list[tuple[int, int | None]]:
        """Return from when to when a rule with ``expression``, on the same metrics, would have fired; None is not over.

        It is what the engine finds in a run with that rule, as long as nothing in the run waits for the alert.
        """
        life = AlertLife(round(for_s * NS_PER_S), round(keep_firing_for_s * NS_PER_S))
        found: list[tuple[int, int | None]] = []
        for now_ns, windows in zip(self.at_ns, self.figures, strict=True):
            holds = all(expression.holds(resolver(figures)) is True for figures in windows)
            if not life.advance(now_ns, holds=holds):
                continue
            if life.state is AlertState.FIRING:
                found.append((now_ns, None))
            elif life.state is AlertState.RESOLVED:
                found[-1] = found[-1][0], now_ns
        return found
