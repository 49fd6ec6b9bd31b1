"""How many transactions are due by an instant, whatever the pipeline and the feed do."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from actors.arrays import I64
from sim.world.arrivals import arrivals
from sim.world.streams import Streams
from sim.world.traffic import TrafficSpec


class Schedule:
    """Counts intended arrivals, chunk by chunk as time passes; asked with instants that do not decrease."""

    def __init__(self, chunks: Iterator[I64]) -> None:
        self._chunks = chunks
        self._counted = 0
        self._chunk: I64 | None = next(chunks, None)

    @staticmethod
    def of(spec: TrafficSpec) -> "Schedule":
        """Return the schedule of synthetic traffic: its arrivals, drawn a second time from the same streams."""
        return Schedule(arrivals(spec.phases, Streams(spec.seed)))

    def altered(self, change: Callable[[Iterator[I64]], Iterator[I64]]) -> "Schedule":
        """Return the schedule of what ``change`` makes of these arrivals; this one must not be asked any more."""
        rest = self._chunks if self._chunk is None else itertools.chain([self._chunk], self._chunks)
        return Schedule(change(rest))

    def due_count(self, elapsed_ns: int) -> int:
        """Return how many are due within ``elapsed_ns`` of the start."""
        while self._chunk is not None and (not len(self._chunk) or self._chunk[-1] <= elapsed_ns):
            self._counted += len(self._chunk)
            self._chunk = next(self._chunks, None)
        if self._chunk is None:
            return self._counted
        return self._counted + int(np.searchsorted(self._chunk, elapsed_ns, side="right"))
