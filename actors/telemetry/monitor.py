"""The task that watches the pipeline: a snapshot each tick, the ledger checked, the alerts evaluated."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import psutil

from actors.core.clock import NS_PER_S, Clock
from actors.telemetry.alerts.engine import AlertEngine, AlertEvent
from actors.telemetry.snapshot import Alarms, Gauges, Quality, Snapshot
from actors.telemetry.telemetry import Telemetry
from actors.telemetry.window import RECENT_S, SnapshotRing, Window

TICK_S = 0.25  # a screen that moves four times a second reads as live, and alerts need no finer time

Listener = Callable[[Snapshot, Window], None]
"""Called at each tick, on the event loop, with the newest snapshot and the last ten seconds. It must not block; what
it raises ends the monitor."""

AlertListener = Callable[[AlertEvent], None]
"""Called for each alert event, before the listeners of the same tick; the same rules."""


class Monitor:
    """Owns the snapshots of one run. It reads the pipeline and never changes it.

    Attributes:
        first: the snapshot at the start of the run, the older end of "the whole run".

    Args:
        telemetry: what the actors write into.
        clock: the run's clock, real or virtual.
        gauges: reads the pipeline's gauges without an await.
        engine: the alert rules.
        tick_s: seconds between snapshots.
        memory: gives resident memory in bytes at an instant; None (on a virtual clock) samples none.
        quality: gives what is known of the decisions' quality, by the same gauges; None when there are no labels.
        alarms: told what the alerts did, grades it; None where nobody knows what is wrong.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        clock: Clock,
        gauges: Callable[[], Gauges],
        engine: AlertEngine,
        *,
        tick_s: float = TICK_S,
        memory: Callable[[int], int] | None = None,
        quality: Callable[[Gauges], Quality | None] | None = None,
        alarms: Callable[[Sequence[AlertEvent]], Alarms] | None = None,
    ) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._gauges = gauges
        self._engine = engine
        self._tick_ns = round(tick_s * NS_PER_S)
        self._memory = memory
        self._quality = quality
        self._alarms = alarms
        self._ring = SnapshotRing(tick_s)
        self._stopping = False
        self.listeners: list[Listener] = []
        self.alert_listeners: list[AlertListener] = []
        self.first: Snapshot | None = None

    async def run(self) -> None:
        """Tick until `stop`. A tick that comes late does not bring others after it."""
        due_ns = self._clock.now_ns()
        while not self._stopping:
            self.tick()
            now_ns = self._clock.now_ns()
            due_ns += self._tick_ns * max(1, -(-(now_ns - due_ns) // self._tick_ns))
            await self._clock.sleep_until_ns(due_ns)

    def stop(self) -> None:
        """Let `run` return at its next tick. For the final state, call `tick` after the pipeline has drained."""
        self._stopping = True

    def tick(self) -> Snapshot:
        """Take a snapshot now, evaluate the alerts, call the listeners; return the snapshot."""
        now_ns = self._clock.now_ns()
        snapshot = self._read(now_ns)
        window = self._window(snapshot, RECENT_S)
        events = self._engine.evaluate(window, now_ns)
        alarms = None if self._alarms is None else self._alarms(events)
        snapshot = msgspec.structs.replace(snapshot, alerts=self._engine.readings(), alarms=alarms)
        self._remember(snapshot)
        self._tell(snapshot, window.ending_with(snapshot), events)
        return snapshot

    def look(self) -> Snapshot:
        """Return a snapshot of now. No alert is evaluated, nobody told, nothing remembered: a run goes on unchanged.

        It has the alerts as they stood at the last tick, and no quality, which is followed from tick to tick.
        """
        now_ns = self._clock.now_ns()
        memory_bytes = None if self._memory is None else self._memory(now_ns)
        snapshot = self._telemetry.snapshot(now_ns, self._gauges(), memory_bytes, None)
        alarms = self._ring.newest().alarms if self.first is not None else None
        return msgspec.structs.replace(snapshot, alerts=self._engine.readings(), alarms=alarms)

    def _read(self, now_ns: int) -> Snapshot:
        memory_bytes = None if self._memory is None else self._memory(now_ns)
        gauges = self._gauges()
        quality = None if self._quality is None else self._quality(gauges)
        return self._telemetry.snapshot(now_ns, gauges, memory_bytes, quality)

    def _remember(self, snapshot: Snapshot) -> None:
        self._ring.add(snapshot)
        self.first = self.first or snapshot

    def _tell(self, snapshot: Snapshot, window: Window, events: list[AlertEvent]) -> None:
        for event in events:
            for hear in self.alert_listeners:
                hear(event)
        for listen in self.listeners:
            listen(snapshot, window)

    def acknowledge(self, alert: str, by: str) -> bool:
        """Take note that ``by`` is on ``alert``, and tell the listeners; return whether it needed someone.

        Raises KeyError when there is no such alert.
        """
        event = self._engine.acknowledge(alert, by, self._clock.now_ns())
        if event is None:
            return False
        for hear in self.alert_listeners:
            hear(event)
        return True

    def window(self, span_s: float) -> Window:
        """Return the last ``span_s``, at most a minute, or what there is of it. Raises IndexError before a tick."""
        return self._window(self._ring.newest(), span_s)

    def whole_run(self) -> Window:
        """Return the window from the first tick to the newest. Raises IndexError before a tick."""
        newest = self._ring.newest()
        return Window(self.first or newest, newest, self._telemetry.reference)

    def _window(self, newest: Snapshot, span_s: float) -> Window:
        older = self._ring.before(newest.at_ns - round(span_s * NS_PER_S))
        return Window(older or newest, newest, self._telemetry.reference)


class ResidentMemory:
    """Reads the process's resident memory, at most once in ``every_ns``; in between it repeats the last reading.

    Not for a virtual clock, where a reading would make the run depend on the machine.
    """

    def __init__(self, every_ns: int = NS_PER_S) -> None:
        self._process = psutil.Process()
        self._every_ns = every_ns
        self._due_ns: int | None = None
        self._bytes = 0

    def sample(self, now_ns: int) -> int:
        """Return resident memory in bytes."""
        if self._due_ns is None or now_ns >= self._due_ns:
            self._due_ns = now_ns + self._every_ns
            with suppress(psutil.Error):  # a system that does not tell any more
                self._bytes = self._process.memory_info().rss
        return self._bytes


def resident_memory() -> Callable[[int], int] | None:
    """Return what tells resident memory at an instant; None where the system does not, as without /proc on Linux."""
    try:
        return ResidentMemory().sample
    except psutil.Error:
        return None
