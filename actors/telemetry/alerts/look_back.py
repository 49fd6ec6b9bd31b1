"""How rules look back further than the monitor remembers: over hours, on counts alone."""

from collections import deque

import msgspec

from actors.core.clock import NS_PER_S
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.window import Window

STEPS = 64  # snapshots that a span is kept in: its start is found to within a part in so many


class LookBack:
    """A bounded memory of one span, without histograms: metrics of counts, and nothing else, can be read over it.

    Args:
        span_s: how far it looks back.
    """

    def __init__(self, span_s: float) -> None:
        self._span_ns = round(span_s * NS_PER_S)
        self._kept: deque[Snapshot] = deque()

    def window(self, newer: Snapshot) -> Window:
        """Remember ``newer``, the latest; return the window that ends there, shorter as long as the run is."""
        start_ns = newer.at_ns - self._span_ns
        while len(self._kept) > 1 and self._kept[1].at_ns <= start_ns:
            self._kept.popleft()
        if not self._kept or (newer.at_ns - self._kept[-1].at_ns) * STEPS >= self._span_ns:
            self._kept.append(msgspec.structs.replace(newer.light(), work={}, alerts=()))
        return Window(self._kept[0], newer)
