"""The courses that the screen draws: what each tick adds to a bounded history of the whole run."""

from actors.clock import NS_PER_S
from actors.telemetry.snapshot import Quality, Snapshot
from actors.telemetry.stages import Stage
from actors.telemetry.window import Window
from dashboard.history import History


class Courses:
    """Histories of rates, latencies, memory and AUC; fed with each snapshot of the monitor."""

    def __init__(self) -> None:
        self.offered = History()
        self.achieved = History()
        self.p50 = History(keep="max")
        self.p95 = History(keep="max")
        self.p99 = History(keep="max")
        self.memory = History(keep="max")
        self.auc = History()
        self._last: Snapshot | None = None

    def add(self, snapshot: Snapshot, quality: Quality | None) -> None:
        """Take in what happened since the last snapshot."""
        at_s = (snapshot.at_ns - snapshot.started_ns) / NS_PER_S
        if self._last is not None and snapshot.at_ns > self._last.at_ns:
            window = Window(self._last, snapshot)
            self.offered.add(at_s, window.rate(lambda each: each.ledger.offered))
            self.achieved.add(at_s, window.rate(lambda each: each.ledger.decided))
            latency = window.latency(Stage.LATENCY)
            for history, percent in ((self.p50, 50.0), (self.p95, 95.0), (self.p99, 99.0)):
                history.add(at_s, latency.percentile_us(percent))
        self.memory.add(at_s, snapshot.memory_bytes)
        self.auc.add(at_s, None if quality is None else quality.live_roc_auc)
        self._last = snapshot
