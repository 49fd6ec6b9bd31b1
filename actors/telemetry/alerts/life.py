"""An alert's state over time."""

from enum import StrEnum


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
