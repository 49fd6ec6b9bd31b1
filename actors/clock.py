"""The Clock port: the only source of time in the pipeline, and its adapter on real time."""

import asyncio
import time
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol

from actors.timer import Timer

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
US_PER_S = 1_000_000
US_PER_HOUR = 3_600 * US_PER_S
US_PER_DAY = 24 * US_PER_HOUR


class Clock(Protocol):
    """What time it is on the run's clock, and waiting on it. Instants are integer nanoseconds."""

    def now_ns(self) -> int:
        """Return the instant, never smaller than any returned before."""
        ...

    def sleep_ns(self, span_ns: int) -> Awaitable[None]:
        """Wait for ``span_ns``; zero or less only yields to the loop once."""
        ...

    def sleep_until_ns(self, at_ns: int) -> Awaitable[None]:
        """Wait until ``at_ns``; an instant already past only yields to the loop once."""
        ...

    def start(self, call: Coroutine[Any, Any, object], until_ns: int) -> object:  # noqa: ARG002 - for virtual time
        """Run ``call`` up to its first wait and return what it waits for, as the event loop would be told.

        Where a wait may be over at once because time moves to its end, it is one if it lasts to ``until_ns`` or longer.

        Raises:
            StopIteration: it returned; the error's value is what.
        """
        return call.send(None)


class RealClock(Clock):
    """Real time by ``perf_counter_ns``.

    The event loop's own ``time()`` is not used: uvloop's has 1 ms steps, so it neither measures nor paces. Waiting
    until an instant uses a timer descriptor where the system has one (p50 of the lateness 26 µs, against 550 µs).
    """

    def __init__(self) -> None:
        self._timer = Timer.create()

    def now_ns(self) -> int:
        """Return the performance counter."""
        return time.perf_counter_ns()

    async def sleep_ns(self, span_ns: int) -> None:
        """Wait for ``span_ns``."""
        await self.sleep_until_ns(self.now_ns() + span_ns)

    async def sleep_until_ns(self, at_ns: int) -> None:
        """Wait until ``at_ns``, never returning before it."""
        if at_ns <= self.now_ns():
            await asyncio.sleep(0)
        while (left_ns := at_ns - self.now_ns()) > 0:
            if self._timer is not None:
                await self._timer.wait_until_ns(at_ns)
            else:  # at least the 1 ms that every loop keeps: uvloop returns at once from less than half of it
                await asyncio.sleep(max(left_ns, NS_PER_MS) / NS_PER_S)

    def close(self) -> None:
        """Give the timer descriptor back; the clock can still be read."""
        if self._timer is not None:
            self._timer.close()
            self._timer = None


class EventTime(Protocol):
    """The event-time axis: where windows, refreshes, freshness and label delay live."""

    def now_us(self) -> int:
        """Return the event time now, in microseconds since the Unix epoch."""
        ...


class ScaledEventTime:
    """Event time that runs ``speed`` times as fast as the run's clock.

    Args:
        clock: the run's clock.
        start_us: event time at the start of the run, microseconds since the Unix epoch.
        speed: event seconds for each second of the run, > 0.
    """

    def __init__(self, clock: Clock, start_us: int, speed: float) -> None:
        self._clock = clock
        self._t0_ns = clock.now_ns()
        self.start_us = start_us
        self.speed = speed

    def now_us(self) -> int:
        """Return ``start + speed × run time``."""
        return self.start_us + int((self._clock.now_ns() - self._t0_ns) * self.speed) // NS_PER_US

    def begin(self, start_ns: int) -> None:
        """Count from ``start_ns`` on the run's clock instead of from when this was made."""
        self._t0_ns = start_ns

    def run_ns(self, event_us: int) -> int:
        """Return the instant on the run's clock at which it will be ``event_us``."""
        return self._t0_ns + int((event_us - self.start_us) * NS_PER_US / self.speed)


class WatermarkEventTime:
    """Event time that follows the transactions: the latest one seen.

    For replays at full speed, where the run's clock says nothing about event time.
    """

    def __init__(self, start_us: int) -> None:
        self._now_us = start_us

    def now_us(self) -> int:
        """Return the latest event time seen."""
        return self._now_us

    def advance(self, event_us: int) -> None:
        """Move forward to ``event_us``; an earlier time changes nothing."""
        self._now_us = max(self._now_us, event_us)
