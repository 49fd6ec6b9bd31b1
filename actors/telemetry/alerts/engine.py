"""The rules of a run at work: evaluated at each tick, acknowledged, escalated."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import msgspec

from actors.core.clock import NS_PER_S
from actors.telemetry.alerts.life import AlertLife, AlertState
from actors.telemetry.alerts.rule import ESCALATION, AlertRule
from actors.telemetry.alerts.series import RuleSeries
from actors.telemetry.expression.expression import Expression
from actors.telemetry.expression.nodes import Resolve
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.snapshot import AlertReading, Snapshot
from actors.telemetry.window import RECENT_S, Window

STEPS = 64  # snapshots that the span of a rule is kept in: its start is found to within a part in so many
ACKNOWLEDGED = "acknowledged"  # what an event says in the place of a state when someone took an alert on


class AlertEvent(msgspec.Struct, frozen=True):
    """Something that happened to an alert: it changed state, was escalated to the next in line, or acknowledged.

    Attributes:
        at_ns: when, on the run's clock.
        state: that it is in now; ``acknowledged`` where that happened.
        told: who hears of it; whoever acknowledged it.
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

    Attributes:
        expression: its condition.
        series: what it reads, where that is recorded.

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
        self._metrics = self.expression.metrics()
        self.series: RuleSeries | None = None

    def evaluate(self, windows: Mapping[float, Window], now_ns: int) -> list[AlertEvent]:
        """Return what happened to this alert, given a window of each span that it looks back."""
        resolves = [partial(_resolve, windows[span_s]) for span_s in self.rule.windows_s]
        self._record(windows[self.rule.windows_s[0]], resolves)
        holds = all(self.expression.holds(each) is True for each in resolves)
        changed = self._life.advance(now_ns, holds=holds)
        if changed or self._life.state in {AlertState.PENDING, AlertState.FIRING}:
            self._text = self._seen(resolves)
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

    def _record(self, window: Window, resolves: Sequence[Resolve]) -> None:
        if self.series is not None:
            newer = window.newer
            figures = [{name: each(None, name) for name in self._metrics} for each in resolves]
            self.series.add(newer.at_ns - newer.started_ns, figures)

    def _seen(self, resolves: Sequence[Resolve]) -> str:
        seen = [self.expression.evaluate(each).seen for each in resolves]
        if len(seen) == 1:
            return seen[0]
        spans = self.rule.windows_s
        return ", ".join(f"{text} over {span_s:g} s" for text, span_s in zip(seen, spans, strict=True))

    def acknowledge(self, by: str, now_ns: int) -> AlertEvent | None:
        """Take note that ``by`` is on it: it is not escalated until it fires anew. None: it needs nobody now."""
        if self._life.state is not AlertState.FIRING or self._acknowledged:
            return None
        self._acknowledged = True
        return AlertEvent(now_ns, self.rule.alert, ACKNOWLEDGED, self.rule.severity.value, by, self._text)

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
        spans = {span_s for rule in rules for span_s in rule.windows_s} - {RECENT_S}
        self._look_back = {span_s: LookBack(span_s) for span_s in sorted(spans)}

    def evaluate(self, window: Window, now_ns: int) -> list[AlertEvent]:
        """Return what happened since the last call, in the order of the rules; ``window`` is the last ten seconds."""
        windows = {span_s: look_back.window(window.newer) for span_s, look_back in self._look_back.items()}
        windows[RECENT_S] = window
        return [event for alert in self._alerts.values() for event in alert.evaluate(windows, now_ns)]

    def acknowledge(self, alert: str, by: str, at_ns: int) -> AlertEvent | None:
        """Take note that ``by`` is on ``alert``; return the event, None if it is not firing, or someone is on it.

        Raises KeyError when there is no such alert.
        """
        return self._alerts[alert].acknowledge(by, at_ns)

    def record(self, alert: str) -> RuleSeries:
        """Keep what ``alert`` reads from now on, in what is returned. Raises KeyError when there is no such alert."""
        series = self._alerts[alert].series = RuleSeries()
        return series

    @property
    def rules(self) -> tuple[AlertRule, ...]:
        """The rules, in their order."""
        return tuple(alert.rule for alert in self._alerts.values())

    def windows_s(self) -> dict[str, float]:
        """Return how far each alert looks back at most."""
        return {rule.alert: max(rule.windows_s) for rule in self.rules}

    def readings(self) -> tuple[AlertReading, ...]:
        """Return where every alert stands."""
        return tuple(alert.reading() for alert in self._alerts.values())


class LookBack:
    """A bounded memory of one span, without histograms: metrics of counts, and nothing else, can be read over it.

    Args:
        span_s: how far it looks back.
    """

    def __init__(self, span_s: float) -> None:
        self._span_ns = round(span_s * NS_PER_S)
        self._kept: deque[Snapshot] = deque()

    def window(self, newer: Snapshot) -> Window:
        """Remember ``newer``, the latest; return the window that ends there, shorter as long as the run is."""
        start_ns = newer.at_ns - self._span_ns
        while len(self._kept) > 1 and self._kept[1].at_ns <= start_ns:
            self._kept.popleft()
        if not self._kept or (newer.at_ns - self._kept[-1].at_ns) * STEPS >= self._span_ns:
            self._kept.append(msgspec.structs.replace(newer.light(), work={}, alerts=()))
        return Window(self._kept[0], newer)
