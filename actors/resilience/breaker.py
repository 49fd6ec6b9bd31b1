"""The circuit breaker: stop calling a dependency that fails, and probe it until it works again."""

from collections import deque
from enum import StrEnum

from actors.config import BreakerConfig
from actors.core.clock import Clock


class BreakerState(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


_CLOSED, _OPEN, _HALF_OPEN = BreakerState  # asked for with every call, and slow to look up before Python 3.12


class CircuitBreaker:
    """Closed it lets every call through and counts; open it lets none through; half-open a few, as probes.

    It holds no lock and starts no timer: it changes state only when asked, by the run's clock.

    Source: M. Nygard, Release It!, 2nd ed. 2018, chapter 5; names of Resilience4j's CircuitBreaker.
    """

    def __init__(self, config: BreakerConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._outcomes: deque[tuple[bool, bool]] = deque()  # failed, slow
        self._failed_count = 0
        self._slow_count = 0
        self._probes_out = 0
        self._probes_passed = 0
        self.state: BreakerState = _CLOSED
        self.since_ns = clock.now_ns()
        self.trip_count = 0

    def allows(self) -> bool:
        """Return whether a call may be made now; each call that is made must be followed by `record`."""
        if self.state is _OPEN and self._clock.now_ns() - self.since_ns >= self._config.open_for_ns:
            self._enter(_HALF_OPEN)
        if self.state is _HALF_OPEN:
            if self._probes_out >= self._config.probes:
                return False
            self._probes_out += 1
        return self.state is not _OPEN

    def record(self, *, failed: bool, took_ns: int) -> None:
        """Take the outcome of a call into account."""
        slow = took_ns > self._config.slow_call_ns
        if self.state is _CLOSED:
            self._remember(failed, slow)
            if self._must_trip():
                self._trip()
        elif self.state is _HALF_OPEN:
            self._record_probe(passed=not (failed or slow))

    def _remember(self, failed: bool, slow: bool) -> None:  # noqa: FBT001 - as they are kept
        """Count a call into the window, and the one that falls out of it off."""
        self._outcomes.append((failed, slow))
        self._failed_count += failed
        self._slow_count += slow
        if len(self._outcomes) > self._config.window:
            failed, slow = self._outcomes.popleft()
            self._failed_count -= failed
            self._slow_count -= slow

    def _record_probe(self, *, passed: bool) -> None:
        if not passed:
            self._trip()
            return
        self._probes_passed += 1
        if self._probes_passed >= self._config.probes:
            self._enter(_CLOSED)

    def _must_trip(self) -> bool:
        config, count = self._config, len(self._outcomes)
        if count < config.minimum_calls and count < config.window:
            return False
        return self._failed_count >= config.failure_ratio * count or self._slow_count >= config.slow_ratio * count

    def _trip(self) -> None:
        self.trip_count += 1
        self._enter(_OPEN)

    def _enter(self, state: BreakerState) -> None:
        self.state = state
        self.since_ns = self._clock.now_ns()
        self._outcomes.clear()
        self._failed_count = self._slow_count = 0
        self._probes_out = 0
        self._probes_passed = 0
