"""When an actor worked on its batches: written on their tracks at once, counted into histograms together."""

from collections.abc import Sequence
from typing import NamedTuple

from actors.arrays import I64, joined
from actors.clock import NS_PER_US
from actors.pile import Pile
from actors.stamps import stamp_both
from actors.telemetry.histogram import Histogram


class Span(NamedTuple):
    """What is counted of each transaction: the time between two columns of its track, in µs."""

    histogram: Histogram
    since: int
    until: int


class TimeSheet:
    """Keeps the batches an actor is done with until their times are counted.

    A histogram is asked for a few times a second, and told of each batch. So small batches wait until there are enough,
    or until any of the histograms is read: no reading misses one.

    Args:
        start: column for the instant at which work on a batch began; the next one is for its end.
        spans: what is counted. Their columns must have been written for good when a batch is booked.
    """

    def __init__(self, start: int, spans: Sequence[Span]) -> None:
        self._start = start
        self._spans = spans
        self._pile = Pile(self._count)
        for span in spans:
            span.histogram.reads(self._pile.settle)

    def book(self, track: I64, started_ns: int, ended_ns: int) -> None:
        """Write both instants for every row of ``track``, int64 (n, len(Track)), and count its spans by and by."""
        stamp_both(track, self._start, started_ns, ended_ns)
        self._pile.add(track, len(track))

    def _count(self, tracks: list[I64]) -> None:
        track = joined(tracks)
        for histogram, since, until in self._spans:
            histogram.record((track[:, until] - track[:, since]) // NS_PER_US)
