"""The monitor, on virtual time: exact ticks, bounded memory, the same alerts every time."""

import asyncio
from io import StringIO

import msgspec

from actors.core.clock import NS_PER_S, RealClock
from actors.telemetry.alerts.engine import AlertEngine, AlertEvent
from actors.telemetry.alerts.rule import AlertRule
from actors.telemetry.latency_log import LatencyLog
from actors.telemetry.ledger_snapshot import Waiting
from actors.telemetry.monitor import Monitor, ResidentMemory
from actors.telemetry.snapshot import Gauges, Quality, Snapshot
from actors.telemetry.telemetry import Telemetry
from actors.telemetry.window import SnapshotRing, Window
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.actors.telemetry import decide, snapshot

SLOW = AlertRule(alert="Slow", expr="latency.p50 > 50ms", for_s=1.0)


class Watched:
    """A pipeline that decides one transaction each 10 ms, slowly for a while, and the monitor that watches it."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.telemetry = Telemetry()
        self.clock = VirtualClock(self.loop)
        self.monitor = Monitor(self.telemetry, self.clock, Gauges, AlertEngine([SLOW]))
        self.seen: list[tuple[Snapshot, Window]] = []
        self.events: list[AlertEvent] = []
        self.monitor.listeners.append(lambda snapshot, window: self.seen.append((snapshot, window)))
        self.monitor.alert_listeners.append(self.events.append)

    def run(self, seconds: int) -> None:
        """Run for ``seconds``, the seconds 20 to 39 of them slow."""
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._pipeline(seconds))

    async def _pipeline(self, seconds: int) -> None:
        task = asyncio.create_task(self.monitor.run())
        for step in range(seconds * 100):
            decide(self.telemetry, 1, 80_000 if 20 <= step // 100 < 40 else 1_000)
            await self.clock.sleep_ns(NS_PER_S // 100)
        self.monitor.stop()
        await task


def test_the_monitor_ticks_on_the_dot() -> None:
    """Snapshots are exactly a tick apart, and the window is ten seconds once there are ten."""
    watched = Watched()
    watched.run(15)
    instants = [snapshot.at_ns for snapshot, _ in watched.seen]
    assert instants == [tick * NS_PER_S // 4 for tick in range(61)]
    assert [window.span_s for _, window in watched.seen] == [min(tick / 4, 10) for tick in range(61)]
    assert watched.monitor.whole_run().span_s == 15
    assert watched.monitor.window(3).span_s == 3


def test_the_same_run_tells_the_same_story() -> None:
    """On virtual time, alerts and snapshots are equal to the byte."""
    stories = []
    for _ in range(2):
        watched = Watched()
        watched.run(60)
        stories.append(msgspec.msgpack.encode([watched.events, [snapshot for snapshot, _ in watched.seen]]))
    assert stories[0] == stories[1]


def test_an_alert_fires_and_is_resolved_in_a_run() -> None:
    """Half of the last ten seconds must be slow before the median is, and then for one second more."""
    watched = Watched()
    watched.run(60)
    assert [(event.at_ns / NS_PER_S, event.state) for event in watched.events] == [
        (25.25, "pending"),
        (26.25, "firing"),
        (45.0, "resolved"),
    ]
    firing = {snapshot.at_ns for snapshot, _ in watched.seen if snapshot.alerts[0].state == "firing"}
    assert (min(firing), max(firing)) == (26.25 * NS_PER_S, 44.75 * NS_PER_S)


def test_a_late_tick_does_not_bring_others_after_it() -> None:
    """After a stall the monitor goes on at the next whole tick."""
    watched = Watched()

    def stall(snapshot: Snapshot, _window: Window) -> None:
        if snapshot.at_ns == NS_PER_S:
            watched.loop.jump_ns(NS_PER_S + NS_PER_S // 10)

    watched.monitor.listeners.append(stall)
    watched.run(4)
    instants = [snapshot.at_ns / NS_PER_S for snapshot, _ in watched.seen]
    assert instants[4:7] == [1.0, 2.25, 2.5]


def test_an_imbalance_seen_once_is_in_every_later_snapshot() -> None:
    """The ledger is checked at each tick; books that balance again have not balanced all along."""
    telemetry = Telemetry()
    monitor = Monitor(telemetry, RealClock(), Gauges, AlertEngine([]))
    assert monitor.tick().ledger.imbalances == ()
    telemetry.ledger.offer(1)
    broken = monitor.tick().ledger.imbalances
    assert broken == ("offered = unsent + produced: 1 ≠ 0, 1 lost",)
    telemetry.ledger.send(1)
    telemetry.ledger.duplicate(1)
    assert monitor.tick().ledger.check() == []
    assert monitor.tick().ledger.imbalances == broken


def test_quality_and_memory_are_read_at_each_tick() -> None:
    """Where the run gives them, they are in the snapshot; where not, they are None."""
    full = Monitor(
        Telemetry(),
        RealClock(),
        lambda: Gauges(Waiting(in_flight=5)),
        AlertEngine([]),
        memory=lambda now_ns: 7 + 0 * now_ns,
        quality=lambda gauges: Quality(labelled=3, review_volume=gauges.waiting.in_flight),
    )
    without, having = Monitor(Telemetry(), RealClock(), Gauges, AlertEngine([])).tick(), full.tick()
    assert (without.memory_bytes, without.quality) == (None, None)
    assert (having.memory_bytes, having.quality) == (7, Quality(labelled=3, review_volume=5))


def test_the_ring_is_bounded_and_reaches_a_minute_back() -> None:
    """Quarter seconds for ten seconds, whole ones for a minute, nothing more."""
    ring = SnapshotRing(0.25)
    telemetry = Telemetry()
    assert ring.before(0) is None
    for tick in range(4 * 100):
        ring.add(snapshot(telemetry, tick / 4))
    newest_s = 99.75
    found = [ring.before(round((newest_s - span_s) * NS_PER_S)) for span_s in (0, 0.25, 10, 30, 58, 1_000)]
    assert [at.at_ns / NS_PER_S for at in found if at] == [99.75, 99.5, 89.75, 69.0, 41.0, 39.0]
    assert len(ring._recent) + len(ring._sparse) == 41 + 61


def test_memory_is_sampled_no_more_than_once_a_second() -> None:
    """In between the last reading is repeated."""
    memory = ResidentMemory()
    first = memory.sample(5)
    assert first > 1_000_000
    memory._process = None  # type: ignore[assignment]  # a reading now would fail
    assert memory.sample(5 + NS_PER_S - 1) == first


def test_the_latency_log_is_written_bit_by_bit() -> None:
    """No tick writes more than a few lines, so that the log is no pause of its own."""
    watched = Watched()
    file = StringIO()
    log = LatencyLog(file)
    sizes = []

    def listen(snapshot: Snapshot, window: Window) -> None:
        before = file.getvalue().count("Tag=")
        log(snapshot, window)
        sizes.append(file.getvalue().count("Tag=") - before)

    watched.monitor.listeners.append(listen)
    watched.run(5)
    log.finish(watched.seen[-1][0])
    assert max(sizes) <= 3
    assert file.getvalue().count("Tag=latency,") == 5
