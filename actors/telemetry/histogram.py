"""A live latency histogram: HdrHistogram's counters, recorded a batch at a time."""

import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from weakref import WeakValueDictionary

import numpy as np
from hdrh.histogram import HdrHistogram

from actors.core.arrays import I64
from actors.telemetry.histogram_counts import (
    COUNTERS,
    HIGHEST_US,
    LINEAR,
    LOWEST_US,
    SIGNIFICANT_DIGITS,
    HistogramCounts,
    Peak,
    index_of,
    indexes_of,
)

ONE_BY_ONE = 64  # measured: below this many values a Python loop is faster than a handful of array operations
PEAKS = 64  # maxima kept before those that no one can ask for any more are looked for; a busy stage has a dozen
PENDING = 256  # single values kept until they are worth an array; a value alone costs a fifth of counting it at once


class Histogram:
    """Latencies in microseconds from 1 µs to 1 h at 3 significant digits, counted since the start of the run.

    The counters are those that one-by-one ``HdrHistogram.record_value`` would give. A value beyond the range is in the
    counter at its end and in ``beyond``; sum and maximum have it as it is. The maximum is exact between any two
    readings that are still held: it is kept for each stretch between two readings, and joined where that loses
    nothing. 0 is inside, below 1 µs; what a clock that went back makes negative counts as 0.
    """

    __slots__ = (
        "_beyond",
        "_cells",
        "_counters",
        "_flushes",
        "_latest",
        "_most_peaks",
        "_peak_us",
        "_peaks",
        "_pending",
        "_readings",
        "_sum_us",
        "_total",
    )

    def __init__(self) -> None:
        self._flushes: list[Callable[[], None]] = []
        self._pending: list[int] = []
        self._counters: I64 = np.zeros(COUNTERS, dtype=np.int64)
        self._cells = self._counters.data  # one counter through it costs a third of one through the array
        self._total = 0
        self._sum_us = 0
        self._beyond = 0
        self._peak_us = -1  # the largest value since the latest reading
        self._peaks: list[Peak] = []
        self._most_peaks = PEAKS
        self._latest = HistogramCounts()
        self._readings: WeakValueDictionary[int, HistogramCounts] = WeakValueDictionary()

    @property
    def count(self) -> int:
        """Number of values."""
        self._flush()
        return self._total

    @property
    def beyond(self) -> int:
        """Number of values beyond the range."""
        self._flush()
        return self._beyond

    def before_reading(self, flush: Callable[[], None]) -> None:
        """Call ``flush`` before every reading: what keeps values back records them then."""
        self._flushes.append(flush)

    def record(self, values_us: I64) -> None:
        """Count each of ``values_us``, int64 (n,), n may be 0."""
        count = len(values_us)
        if count <= ONE_BY_ONE:
            self.record_few(values_us.tolist())
            return
        # Seen as unsigned, a negative value is a huge one: one pass finds both ends.
        highest_us = int(values_us.view(np.uint64).max())
        if highest_us > HIGHEST_US:
            self._record_outside(values_us)
            return
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
            value_us = max(value_us, 0)
            self._beyond += count if value_us else 0
        self._cells[value_us if value_us < LINEAR else index_of(min(value_us, HIGHEST_US))] += count
        self._total += count
        self._sum_us += value_us * count
        if value_us > self._peak_us:  # noqa: PLR1730 - a dozen times a batch, and max takes as long as all the rest
            self._peak_us = value_us

    def record_few(self, values_us: Sequence[int]) -> None:
        """Count each of ``values_us`` one by one: quicker than `record` for up to ``ONE_BY_ONE`` of them."""
        if not values_us:
            return
        highest_us = max(values_us)
        if highest_us > HIGHEST_US or min(values_us) < 0:
            self._record_outside(np.array(values_us, dtype=np.int64))
            return
        cells = self._cells
        for value_us in values_us:
            if value_us < LINEAR:
                cells[value_us] += 1
            else:
                cells[index_of(value_us)] += 1
        self._note(len(values_us), sum(values_us), highest_us)

    def add(self, grown: HistogramCounts) -> None:
        """Count all that ``grown`` holds: what another histogram recorded since it was last added here.

        The maximum between two readings is exact where ``grown`` came within them; else it is that of all it holds.
        """
        if not grown.total:
            return
        indexes, counters = grown.arrays
        self._counters[indexes] += counters
        self._beyond += grown.beyond
        self._note(grown.total, grown.sum_us, grown.max_us or 0)

    def _flush(self) -> None:
        """Count the values that were kept, here and elsewhere."""
        for flush in self._flushes:
            flush()
        self._count_pending()

    def _count_pending(self) -> None:
        if self._pending:
            pending, self._pending = self._pending, []
            self.record(np.array(pending, dtype=np.int64))

    def _record_outside(self, values_us: I64) -> None:
        """Count values of which at least one is outside the range."""
        values_us = np.maximum(values_us, 0)
        self._beyond += int(np.count_nonzero(values_us > HIGHEST_US))
        np.add.at(self._counters, indexes_of(np.minimum(values_us, HIGHEST_US)), 1)
        self._note(len(values_us), sum(values_us.tolist()), int(values_us.max()))  # Python's sum has no end either

    def _note(self, count: int, sum_us: int, highest_us: int) -> None:
        self._total += count
        self._sum_us += sum_us
        self._peak_us = max(self._peak_us, highest_us)

    def counts(self) -> HistogramCounts:
        """Return the counters as a frozen value, scanning only as far as the highest one in use."""
        self._flush()
        if self._total > self._latest.total:
            self._note_peak()
            used = self._counters[: index_of(min(self._peaks[0][1], HIGHEST_US)) + 1]
            indexes = (used != 0).nonzero()[0]  # twice as fast as flatnonzero on the counts
            self._latest = HistogramCounts.of(
                indexes, used.take(indexes), self._total, self._sum_us, self._beyond, tuple(self._peaks)
            )
            self._readings[self._total] = self._latest
        return self._latest

    def _note_peak(self) -> None:
        """Keep the largest value since the latest reading; it makes those before it that are no larger useless."""
        while self._peaks and self._peaks[-1][1] <= self._peak_us:
            self._peaks.pop()
        self._peaks.append((self._total, self._peak_us))
        self._peak_us = -1
        if len(self._peaks) > self._most_peaks:
            self._forget_peaks()

    def _forget_peaks(self) -> None:
        """Drop the maxima since readings that nobody holds any more: as a backlog shrinks, each tick leaves one."""
        until = [number for number, _ in self._peaks]
        needed = {bisect_right(until, held) for held in (0, *self._readings.keys())}
        self._peaks = [peak for at, peak in enumerate(self._peaks) if at in needed]
        self._most_peaks = max(PEAKS, 2 * len(self._peaks))

    def percentile(self, percent: float) -> int | None:
        """Return the value in µs at ``percent`` (0 to 100), or None without values."""
        return self.counts().percentile_us(percent)

    @property
    def mean_us(self) -> float | None:
        """The exact mean, or None without values."""
        self._flush()
        return self._sum_us / self._total if self._total else None

    @property
    def max_us(self) -> int | None:
        """The exact maximum, or None without values."""
        return self.counts().max_us


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
