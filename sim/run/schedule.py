"""How many transactions are due by an instant, whatever the pipeline and the feed do."""

from collections.abc import Callable, Iterator

import numpy as np

from actors.arrays import I64
from sim.world.arrivals import arrivals
from sim.world.streams import Streams
from sim.world.traffic import TrafficSpec


class Schedule:
    """Counts intended arrivals, chunk by chunk as time passes; asked with instants that do not decrease.

    Args:
        chunks: makes the intended arrivals anew, from the start of the run.
    """

    def __init__(self, chunks: Callable[[], Iterator[I64]]) -> None:
        self._make = chunks
        self._stale = True
        self._counted = 0
        self._chunk: I64 | None = None

    @staticmethod
    def of(spec: TrafficSpec) -> "Schedule":
        """Return the schedule of synthetic traffic: its arrivals, drawn a second time from the same streams."""
        return Schedule(lambda: arrivals(spec.phases, Streams(spec.seed)))

    def altered(self, change: Callable[[Iterator[I64]], Iterator[I64]]) -> "Schedule":
        """Return the schedule of what ``change`` makes of these arrivals."""
        return Schedule(lambda: change(self._make()))

    def recount(self) -> None:
        """Count from the start when next asked: the arrivals have turned out to be others, perhaps while counting."""
        self._stale = True

    def due_count(self, elapsed_ns: int) -> int:
        """Return how many are due within ``elapsed_ns`` of the start."""
        while self._stale or (self._chunk is not None and (not len(self._chunk) or self._chunk[-1] <= elapsed_ns)):
            if self._stale:
                self._begin()
            elif self._chunk is not None:
                self._counted += len(self._chunk)
                self._chunk = next(self._chunks, None)
        if self._chunk is None:
            return self._counted
        return self._counted + int(np.searchsorted(self._chunk, elapsed_ns, side="right"))

    def _begin(self) -> None:
        self._stale = False
        self._counted = 0
        self._chunks = self._make()
        self._chunk = next(self._chunks, None)
