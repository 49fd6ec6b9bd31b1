"""The snapshots of the last minute: all of the last ten seconds, then one a second."""

from collections import deque

from actors.clock import NS_PER_S
from actors.telemetry.snapshot import Snapshot

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
