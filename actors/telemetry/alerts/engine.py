"""The rules of a run at work: evaluated at each tick, acknowledged, escalated."""

from collections.abc import Collection, Sequence
from functools import partial

import msgspec

from actors.core.clock import NS_PER_S
from actors.telemetry.alerts.life import AlertLife, AlertState
from actors.telemetry.alerts.rule import ESCALATION, AlertRule
from actors.telemetry.expression.expression import Expression
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.snapshot import AlertReading
from actors.telemetry.window import RECENT_S, Window


class AlertEvent(msgspec.Struct, frozen=True):
    """Something that happened to an alert: it changed state, or was escalated to the next in line.

    Attributes:
        at_ns: when, on the run's clock.
        told: who hears of it.
        text: the figures it rests on.
    """

    at_ns: int
    alert: str
    state: str
    severity: str
    told: str
    text: str
    escalated: bool = False


class LiveAlert:
    """A rule at work.

    Args:
        rule: what to watch.
        features: features whose PSI exists; None allows any.
        escalation_factor: by how much escalation is faster or slower than in production.

    Raises:
        ExpressionError: the rule's expression breaks a rule of its own.
    """

    def __init__(
        self, rule: AlertRule, features: Collection[str] | None = None, escalation_factor: float = 1.0
    ) -> None:
        self.rule = rule
        self.expression = Expression.parse(rule.expr, features=features)
        self._life = AlertLife(round(rule.for_s * NS_PER_S), round(rule.keep_firing_for_s * NS_PER_S))
        self._escalation = ESCALATION[rule.severity]
        after_s = self._escalation.after_s
        self._escalates_after_ns = None if after_s is None else round(after_s * escalation_factor * NS_PER_S)
        self._escalated = False
        self._acknowledged = False
        self._text = ""

    def evaluate(self, window: Window, now_ns: int) -> list[AlertEvent]:
        """Return what happened to this alert, given the last ten seconds."""
        resolve = partial(_resolve, window)
        changed = self._life.advance(now_ns, holds=self.expression.holds(resolve) is True)
        if changed or self._life.state in {AlertState.PENDING, AlertState.FIRING}:
            self._text = self.expression.evaluate(resolve).seen
        if changed and self._life.state is AlertState.FIRING:
            self._escalated = self._acknowledged = False
        events = [self._event(now_ns)] if changed else []
        if self._must_escalate(now_ns):
            self._escalated = True
            events.append(self._event(now_ns))
        return events

    def _must_escalate(self, now_ns: int) -> bool:
        if self._escalates_after_ns is None or self._escalated or self._acknowledged:
            return False
        return self._life.state is AlertState.FIRING and now_ns - self._life.since_ns >= self._escalates_after_ns

    def acknowledge(self) -> None:
        """Take note that someone is on it: it is not escalated until it fires anew."""
        self._acknowledged = True

    @property
    def _told(self) -> str:
        return self._escalation.then if self._escalated else self._escalation.told

    def _event(self, now_ns: int) -> AlertEvent:
        rule, state = self.rule, self._life.state
        escalated = self._escalated and state is AlertState.FIRING
        return AlertEvent(now_ns, rule.alert, state.value, rule.severity.value, self._told, self._text, escalated)

    def reading(self) -> AlertReading:
        """Return where the alert stands."""
        return AlertReading(
            alert=self.rule.alert,
            severity=self.rule.severity.value,
            state=self._life.state.value,
            since_ns=self._life.since_ns,
            fired_count=self._life.fired_count,
            told=self._told,
            escalated=self._escalated,
            acknowledged=self._acknowledged,
            text=self._text,
        )


def _resolve(window: Window, _scope: str | None, metric: str) -> float | None:
    return read(metric, window)


class AlertEngine:
    """All rules of a run, in their order.

    Args:
        rules: what to watch; names must differ.
        features: features whose PSI exists; None allows any.
        escalation_factor: by how much escalation is faster or slower than in production.

    Raises:
        ExpressionError: a rule's expression breaks a rule of its own.
        ValueError: two rules have the same name.
    """

    def __init__(
        self, rules: Sequence[AlertRule], features: Collection[str] | None = None, escalation_factor: float = 1.0
    ) -> None:
        self._alerts = {rule.alert: LiveAlert(rule, features, escalation_factor) for rule in rules}
        if len(self._alerts) < len(rules):
            names = [rule.alert for rule in rules]
            raise ValueError(f"two alert rules are called {max(names, key=names.count)}; rename one")

    def evaluate(self, window: Window, now_ns: int) -> list[AlertEvent]:
        """Return what happened since the last call, in the order of the rules."""
        return [event for alert in self._alerts.values() for event in alert.evaluate(window, now_ns)]

    def acknowledge(self, alert: str) -> None:
        """Take note that someone is on ``alert``. Raises KeyError when there is no such alert."""
        self._alerts[alert].acknowledge()

    def windows_s(self) -> dict[str, float]:
        """Return how far each alert looks back."""
        return dict.fromkeys(self._alerts, RECENT_S)

    def readings(self) -> tuple[AlertReading, ...]:
        """Return where every alert stands."""
        return tuple(alert.reading() for alert in self._alerts.values())
