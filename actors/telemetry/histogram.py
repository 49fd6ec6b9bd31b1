"""A live latency histogram: HdrHistogram's counters, recorded a batch at a time."""

import sys
from collections.abc import Callable, Sequence

import numpy as np
from hdrh.histogram import HdrHistogram

from actors.arrays import I64
from actors.telemetry.buckets import COUNTERS, HIGHEST_US, LINEAR, LOWEST_US, SIGNIFICANT_DIGITS, index_of, indexes_of
from actors.telemetry.counts import HistogramCounts

ONE_BY_ONE = 64  # measured: below this many values a Python loop is faster than a handful of array operations
PENDING = 256  # single values kept until they are worth an array; a value alone costs a fifth of counting it at once


class Histogram:
    """Latencies in microseconds from 1 µs to 60 s at 3 significant digits, counted since the start of the run.

    The counters and percentiles are those that one-by-one ``HdrHistogram.record_value`` would give. A value outside
    the range is recorded at its end and counted in ``clamped``; 0 is inside, below 1 µs.
    """

    __slots__ = ("_cells", "_clamped", "_counters", "_highest_us", "_owing", "_pending", "_sum_us", "_total")

    def __init__(self) -> None:
        self._owing: list[Callable[[], None]] = []
        self._pending: list[int] = []
        self._counters: I64 = np.zeros(COUNTERS, dtype=np.int64)
        self._cells = self._counters.data  # one counter through it costs a third of one through the array
        self._total = 0
        self._sum_us = 0
        self._highest_us = 0
        self._clamped = 0

    @property
    def count(self) -> int:
        """Number of values."""
        self._settle()
        return self._total

    @property
    def clamped(self) -> int:
        """Number of values outside the range."""
        self._settle()
        return self._clamped

    def reads(self, settle: Callable[[], None]) -> None:
        """Call ``settle`` before every reading: whoever keeps values back records them then."""
        self._owing.append(settle)

    def record(self, values_us: I64) -> None:
        """Count each of ``values_us``, int64 (n,), n may be 0."""
        count = len(values_us)
        if count <= ONE_BY_ONE:
            self.record_few(values_us.tolist())
            return
        # Seen as unsigned, a negative value is a huge one: one pass finds both ends.
        highest_us = int(values_us.view(np.uint64).max())
        if highest_us > HIGHEST_US:
            values_us = self._clamp(values_us)
            highest_us = int(values_us.max())
        np.add.at(self._counters, indexes_of(values_us), 1)
        self._note(count, int(values_us.sum()), highest_us)

    def record_span(self, value_us: int, count: int) -> None:
        """Count ``value_us`` for each of ``count`` transactions that took this time together."""
        if count == 1:
            self._pending.append(value_us)
            if len(self._pending) >= PENDING:
                self._count_pending()
            return
        if count <= 0:
            return
        if not 0 <= value_us <= HIGHEST_US:
            value_us = min(max(value_us, 0), HIGHEST_US)
            self._clamped += count
        self._cells[value_us if value_us < LINEAR else index_of(value_us)] += count
        self._total += count
        self._sum_us += value_us * count
        if value_us > self._highest_us:  # noqa: PLR1730 - a dozen times a batch, and max takes as long as all the rest
            self._highest_us = value_us

    def record_few(self, values_us: Sequence[int]) -> None:
        """Count each of ``values_us`` one by one: quicker than `record` for up to ``ONE_BY_ONE`` of them."""
        if not values_us:
            return
        highest_us = max(values_us)
        if highest_us > HIGHEST_US or min(values_us) < 0:
            values_us = self._clamp(np.array(values_us, dtype=np.int64)).tolist()
            highest_us = max(values_us)
        cells = self._cells
        for value_us in values_us:
            if value_us < LINEAR:
                cells[value_us] += 1
            else:
                cells[index_of(value_us)] += 1
        self._note(len(values_us), sum(values_us), highest_us)

    def _settle(self) -> None:
        """Count the values that were kept, here and elsewhere."""
        for settle in self._owing:
            settle()
        self._count_pending()

    def _count_pending(self) -> None:
        if self._pending:
            pending, self._pending = self._pending, []
            self.record(np.array(pending, dtype=np.int64))

    def _clamp(self, values_us: I64) -> I64:
        inside = np.clip(values_us, 0, HIGHEST_US)
        self._clamped += int(np.count_nonzero(inside != values_us))
        return inside

    def _note(self, count: int, sum_us: int, highest_us: int) -> None:
        self._total += count
        self._sum_us += sum_us
        self._highest_us = max(self._highest_us, highest_us)

    def counts(self) -> HistogramCounts:
        """Return the counters as a frozen value, scanning only as far as the highest one in use."""
        self._settle()
        used = self._counters[: index_of(self._highest_us) + 1]
        indexes = (used != 0).nonzero()[0]  # twice as fast as flatnonzero on the counts
        return HistogramCounts.of(indexes, used.take(indexes), self._total, self._sum_us, self._clamped)

    def counts_since(self, older: HistogramCounts) -> HistogramCounts:
        """Return what was recorded after ``older`` was read."""
        return self.counts().since(older)

    def percentile(self, percent: float) -> int | None:
        """Return the value in µs at ``percent`` (0 to 100), or None without values."""
        return self.counts().percentile_us(percent)

    @property
    def mean_us(self) -> float | None:
        """The exact mean, or None without values."""
        self._settle()
        return self._sum_us / self._total if self._total else None

    @property
    def max_us(self) -> int | None:
        """The highest value at the histogram's resolution, or None without values."""
        return self.counts().max_us

    def to_hdr(self) -> HdrHistogram:
        """Return a copy as the ``hdrhistogram`` package's own type."""
        return hdr_of(self.counts())


def hdr_of(counts: HistogramCounts) -> HdrHistogram:
    """Return ``counts`` as the ``hdrhistogram`` package's own type."""
    hdr = HdrHistogram(LOWEST_US, HIGHEST_US, SIGNIFICANT_DIGITS)
    fill_hdr(hdr, counts)
    return hdr


def fill_hdr(hdr: HdrHistogram, counts: HistogramCounts) -> None:
    """Let ``hdr``, one that `hdr_of` made, hold ``counts`` and nothing else.

    The package's histograms are 70 kB each and hold each other in a circle: one a line would wait for the collector.
    """
    cells = np.ctypeslib.as_array(hdr.counts)
    cells[:] = 0
    hdr.total_count, hdr.min_value, hdr.max_value = 0, sys.maxsize, 0  # its own reset takes 3 ms
    if counts.total:
        indexes, counters = counts.arrays
        cells[indexes] = counters
        hdr.set_internal_tacking_values(int(indexes[0]), int(indexes[-1]), counts.total)
