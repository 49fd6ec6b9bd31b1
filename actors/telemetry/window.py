"""Windows: everything between two snapshots of the last minute."""

from collections import deque
from collections.abc import Callable
from functools import cached_property

import numpy as np

from actors.core.arrays import I64
from actors.core.clock import NS_PER_S
from actors.telemetry.drift import MIN_ROWS, Reference, psi_of_each
from actors.telemetry.histogram_counts import HistogramCounts
from actors.telemetry.snapshot import FeatureCounts, Quality, ScoreCounts, Snapshot
from actors.telemetry.stages import Stage


class Window:
    """The span after ``older`` up to ``newer``.

    Args:
        older: the earlier snapshot of the same run.
        newer: the later one; the same one gives an empty window.
        reference: what the model that serves at ``newer`` was trained on; without it there is no drift.
        quality: how good the decisions of exactly this span were; by default ``newer``'s, which covers the whole run.
    """

    def __init__(
        self, older: Snapshot, newer: Snapshot, reference: Reference | None = None, quality: Quality | None = None
    ) -> None:
        self.older = older
        self.newer = newer
        self.reference = reference
        self.quality = newer.quality if quality is None else quality
        self._latencies: dict[str, HistogramCounts] = {}

    def ending_with(self, newer: Snapshot) -> "Window":
        """Return this window with ``newer``, a fuller reading of the same instant, at its end."""
        window = Window(self.older, newer, self.reference, self.quality)
        window._latencies = self._latencies
        return window

    @property
    def span_s(self) -> float:
        """How long the window is on the run's clock."""
        return (self.newer.at_ns - self.older.at_ns) / NS_PER_S

    def latency(self, stage: Stage) -> HistogramCounts:
        """Return the stage's histogram over this window."""
        found = self._latencies.get(stage)
        if found is None:
            older = self.older.stages.get(stage, HistogramCounts())
            found = self._latencies[stage] = self.newer.stages.get(stage, HistogramCounts()).since(older)
        return found

    def count(self, read: Callable[[Snapshot], float]) -> float:
        """Return by how much the count that ``read`` finds in a snapshot grew."""
        return read(self.newer) - read(self.older)

    def rate(self, read: Callable[[Snapshot], float]) -> float | None:
        """Return that growth per second, or None in an empty window."""
        return self.count(read) / self.span_s if self.span_s else None

    def ratio(self, part: Callable[[Snapshot], float], whole: Callable[[Snapshot], float]) -> float | None:
        """Return the growth of ``part`` as a share of that of ``whole``, or None where that did not grow."""
        grown = self.count(whole)
        return self.count(part) / grown if grown else None

    @property
    def one_model(self) -> bool:
        """Whether one model served all along."""
        return self.older.counters.model_swaps == self.newer.counters.model_swaps

    @cached_property
    def scores(self) -> ScoreCounts:
        """The model's scores in this window."""
        older, newer = self.older.scores, self.newer.scores
        before = older.bins or (0,) * len(newer.bins)
        bins = tuple(now - then for now, then in zip(newer.bins, before, strict=True))
        return ScoreCounts(bins, newer.total - older.total, newer.sum - older.sum)

    @cached_property
    def psi_by_feature(self) -> dict[str, float]:
        """The PSI of each feature against its reference; empty without one or with too few sampled rows.

        After a swap of the model only what came since counts: bins and counts are the new model's.
        """
        older, newer = self.older.features if self.one_model else FeatureCounts(), self.newer.features
        if self.reference is None or newer.rows - older.rows < MIN_ROWS:
            return {}
        current = _table(newer.counts, newer.bins)
        if older.counts:
            current = current - _table(older.counts, older.bins)
        found = psi_of_each(self.reference.table(newer.bins), current)
        return dict(zip(self.reference.features, found.tolist(), strict=True))

    @property
    def alerts_firing(self) -> int:
        """How many alerts were firing at any time in this window."""
        before = {reading.alert: reading for reading in self.older.alerts}
        count = 0
        for now in self.newer.alerts:
            then = before.get(now.alert)
            fired_before = 0 if then is None else then.fired_count
            was_firing = then is not None and then.state == "firing"
            count += was_firing or now.state == "firing" or now.fired_count > fired_before
        return count


def _table(counts: bytes, bins: int) -> I64:
    return np.frombuffer(counts, "<i8").astype(np.int64).reshape(-1, bins)


RECENT_S = 10.0
KEPT_S = 60.0


class SnapshotRing:
    """A bounded memory of snapshots, from which a window of any span up to a minute is cut.

    Args:
        tick_s: seconds between snapshots.
    """

    def __init__(self, tick_s: float) -> None:
        self._recent: deque[Snapshot] = deque(maxlen=round(RECENT_S / tick_s) + 1)
        self._sparse: deque[Snapshot] = deque(maxlen=round(KEPT_S) + 1)

    def add(self, snapshot: Snapshot) -> None:
        """Remember ``snapshot``, the latest."""
        self._recent.append(snapshot)
        if not self._sparse or snapshot.at_ns - self._sparse[-1].at_ns >= NS_PER_S:
            self._sparse.append(snapshot)

    def newest(self) -> Snapshot:
        """Return the latest snapshot. Raises IndexError before the first."""
        return self._recent[-1]

    def before(self, at_ns: int) -> Snapshot | None:
        """Return the latest snapshot at or before ``at_ns``, else the oldest kept, else None."""
        for kept in (self._recent, self._sparse):
            for snapshot in reversed(kept):
                if snapshot.at_ns <= at_ns:
                    return snapshot
        return min((*self._recent, *self._sparse), key=lambda snapshot: snapshot.at_ns, default=None)
