"""The bell that alerts ring, for steps that wait for one."""

import asyncio

from actors.telemetry.alert_state import AlertState
from actors.telemetry.alerts import AlertEvent


class AlertBell:
    """Knows which alerts are firing, and wakes whoever waits for one."""

    def __init__(self) -> None:
        self._firing: set[str] = set()
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    def hear(self, event: AlertEvent) -> None:
        """Take in what happened to an alert."""
        if event.state != AlertState.FIRING:
            self._firing.discard(event.alert)
            return
        self._firing.add(event.alert)
        for waiter in self._waiting.pop(event.alert, ()):
            if not waiter.done():
                waiter.set_result(None)

    async def until_firing(self, alert: str) -> None:
        """Return as soon as ``alert`` is firing; at once if it is."""
        if alert not in self._firing:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(alert, []).append(waiter)
            await waiter
