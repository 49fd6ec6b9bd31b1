"""Alerts: their rules, built in or a scenario's, their life, and the engine that evaluates them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import msgspec

from actors.config import PipelineConfig
from actors.core.clock import NS_PER_S
from actors.telemetry.expression.expression import Expression
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.metrics.metric import BYTES_PER_MB
from actors.telemetry.snapshot import AlertReading
from actors.telemetry.window import Window


class AlertState(StrEnum):
    """Where an alert stands. ``resolved`` lasts until the condition holds again; it then fires anew."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class AlertLife:
    """One alert's state over time.

    A condition that holds makes the alert pending, and firing once it has held for ``for_ns`` without a break. A firing
    alert is resolved once the condition has not held for ``keep_firing_for_ns``. No samples count as "does not hold",
    as in Prometheus.

    Attributes:
        state: where it stands.
        since_ns: when it entered that state.
        fired_count: how often it has fired.
    """

    def __init__(self, for_ns: int, keep_firing_for_ns: int) -> None:
        self._for_ns = for_ns
        self._keep_ns = keep_firing_for_ns
        self._quiet_since_ns: int | None = None
        self.state = AlertState.INACTIVE
        self.since_ns = 0
        self.fired_count = 0

    def advance(self, now_ns: int, *, holds: bool) -> bool:
        """Take in that the condition ``holds`` at ``now_ns``; return whether the state changed."""
        before = self.state
        if self.state is AlertState.FIRING:
            self._stay_or_resolve(now_ns, holds=holds)
        elif not holds:
            if self.state is AlertState.PENDING:
                self._enter(AlertState.INACTIVE, now_ns)
        else:
            self._wait_or_fire(now_ns)
        return self.state is not before

    def _stay_or_resolve(self, now_ns: int, *, holds: bool) -> None:
        if holds:
            self._quiet_since_ns = None
            return
        if self._quiet_since_ns is None:
            self._quiet_since_ns = now_ns
        if now_ns - self._quiet_since_ns >= self._keep_ns:
            self._enter(AlertState.RESOLVED, now_ns)

    def _wait_or_fire(self, now_ns: int) -> None:
        pending_since_ns = self.since_ns if self.state is AlertState.PENDING else now_ns
        if now_ns - pending_since_ns >= self._for_ns:
            self._quiet_since_ns = None
            self.fired_count += 1
            self._enter(AlertState.FIRING, now_ns)
        elif self.state is not AlertState.PENDING:
            self._enter(AlertState.PENDING, now_ns)

    def _enter(self, state: AlertState, now_ns: int) -> None:
        self.state = state
        self.since_ns = now_ns


class Severity(StrEnum):
    """How urgent an alert is."""

    PAGE = "page"
    TICKET = "ticket"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who hears of an alert.

    Attributes:
        told: who is told when it fires.
        after_s: how long they have to acknowledge it; None: for ever.
        then: who is told after that.
    """

    told: str
    after_s: float | None = None
    then: str = ""


ESCALATION: dict[Severity, Escalation] = {
    Severity.PAGE: Escalation("on-call engineer", after_s=300.0, then="second line"),  # money is being lost now
    Severity.TICKET: Escalation("owning team's queue", after_s=86_400.0, then="team lead"),  # the next working day
    Severity.INFO: Escalation("screen only"),
}


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, in Prometheus' words.

    Attributes:
        alert: its name.
        expr: the condition that is bad news, over the last ten seconds.
        for_s: how long it must hold before the alert fires.
        keep_firing_for_s: how long it must not hold before the alert is resolved.
        severity: who is told.
    """

    alert: str
    expr: str
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    severity: Severity = Severity.PAGE


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

    def readings(self) -> tuple[AlertReading, ...]:
        """Return where every alert stands."""
        return tuple(alert.reading() for alert in self._alerts.values())


PRODUCTION = 1.0
DRILL = 0.01  # the 5 minutes that production waits before it pages become 3 s of a drill that lasts a minute

STALE_AFTER_S = 9 * 3_600.0  # batch features come every 6 h; half an interval late is a missed refresh, not a slow one

_MINUTE = 60.0
_PAGE, _TICKET = Severity.PAGE, Severity.TICKET


def built_in_rules(
    memory_limit_bytes: int = PipelineConfig().memory_limit_bytes,
    stale_after_s: float = STALE_AFTER_S,
    factor: float = PRODUCTION,
) -> tuple[AlertRule, ...]:
    """Return the built-in rules.

    Args:
        memory_limit_bytes: what the pipeline's process may use; 80 % of it alerts.
        stale_after_s: age past which batch features are stale, in event time.
        factor: scales every ``for``: `PRODUCTION` waits minutes, `DRILL` seconds.
    """
    rules = (
        ("LatencyMedianHigh", "latency.p50 > 10ms", 5, _PAGE),
        ("LatencyTailHigh", "latency.p95 > 50ms", 5, _PAGE),
        ("ErrorRateHigh", "error_ratio > 0.1%", 2, _PAGE),
        ("ThroughputLow", "throughput < 0.5 * offered_rate", 5, _PAGE),
        ("FeatureStoreSlow", "feature_store.p95 > 5ms", 5, _TICKET),
        ("FeatureStoreMisses", "feature_store.miss_ratio > 5%", 5, _PAGE),
        ("MemoryHigh", f"memory_mb > {0.8 * memory_limit_bytes / BYTES_PER_MB:g}MB", 5, _TICKET),
        ("BatchFeaturesOld", f"feature_store.age_s > {stale_after_s:g}s", 0, _TICKET),
        ("ScoreShift", "score.shift > 20% and score.shift_sigma >= 5", 5, _TICKET),  # 5 σ: a thousand scores vary too
        ("FeatureDrift", "psi.max >= 0.2", 5, _TICKET),
        ("ScoresClustered", "score.near_half_ratio > 20%", 5, _PAGE),
        ("PredictionVolumeLow", "volume_ratio < 50%", 5, _PAGE),
    )
    return _built(rules, factor)


def stream_rules(factor: float = PRODUCTION) -> tuple[AlertRule, ...]:
    """Return the built-in rules of a run on a stream, beside those of every run; ``factor`` as there."""
    rules = (
        ("KafkaUnreachable", "stream.kafka_silent_s > 2s", 1, _PAGE),  # nothing is decided, and nothing is lost
        ("RedisUnreachable", "stream.redis_silent_s > 2s", 1, _PAGE),  # decisions go on, by rules
    )
    return _built(rules, factor)


def _built(rules: Iterable[tuple[str, str, float, Severity]], factor: float) -> tuple[AlertRule, ...]:
    return tuple(
        AlertRule(alert=name, expr=expr, for_s=minutes * _MINUTE * factor, severity=severity)
        for name, expr, minutes, severity in rules
    )
