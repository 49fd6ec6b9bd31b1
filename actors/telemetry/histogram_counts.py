"""A latency histogram as a frozen, sparse value: small to keep, cheap to subtract, quick to ask for percentiles.

Microseconds from 1 µs to 1 h at 3 significant digits, exactly as ``HdrHistogram(1, 3_600_000_000, 3)`` lays them out:
counters 1 µs wide up to 2,047 µs, then twice as wide at each doubling, so that a counter is never wider than 0.1 % of
the values in it.

Source: G. Tene, HdrHistogram, http://hdrhistogram.org.
"""

from functools import cached_property
from math import ceil, floor

import msgspec
import numpy as np

from actors.core.arrays import I64

LOWEST_US = 1
HIGHEST_US = 3_600_000_000  # 1 h: an overload that lasts a night ends within it; what it takes is 50 kB a stage
BEYOND_US = HIGHEST_US + 1  # what a percentile beyond the range reads as: no counter tells more than "at least this"
SIGNIFICANT_DIGITS = 3
HALF_BITS = 10  # 3 digits need 2 × 1,000 counters for a doubling, rounded up to 2 × 1,024
LINEAR = 2 << HALF_BITS  # below this, a counter is 1 µs wide
COUNTERS = 23 << HALF_BITS  # 22 doublings reach 71 min, and the first has both its halves

_EXPONENT_SHIFT = 52  # of a float64
_EXPONENT_BIAS = 1022  # exponent field less bit length, for a whole number
_LENGTH_SHIFT = _EXPONENT_BIAS + HALF_BITS + 1


def index_of(value_us: int) -> int:
    """Return the counter of ``value_us``, which must be in 0..HIGHEST_US."""
    if value_us < LINEAR:
        return value_us
    shift = value_us.bit_length() - HALF_BITS - 1
    return (shift << HALF_BITS) + (value_us >> shift)


def indexes_of(values_us: I64) -> I64:
    """Return the counter of each value; all must be in 0..HIGHEST_US.

    The bit length of a whole number is read off its exponent as a float, which is several times as fast as a logarithm.
    """
    exponents = values_us.astype(np.float64).view(np.int64) >> _EXPONENT_SHIFT
    shifts = np.maximum(exponents - _LENGTH_SHIFT, 0)
    indexes: I64 = (shifts << HALF_BITS) + (values_us >> shifts)
    return indexes


def lowest_us(index: int) -> int:
    """Return the smallest value that counter ``index`` stands for."""
    shift = max(0, (index >> HALF_BITS) - 1)
    return (index - (shift << HALF_BITS)) << shift


def highest_us(index: int) -> int:
    """Return the largest value that counter ``index`` stands for."""
    shift = max(0, (index >> HALF_BITS) - 1)
    mantissa = index - (shift << HALF_BITS)
    return ((mantissa + 1) << shift) - 1


_INDEX = np.dtype("<u2")
_NARROW = np.dtype("<u4")
_NARROW_MAX = 2**32 - 1
_WIDE = np.dtype("<u8")

Peak = tuple[int, int]


class HistogramCounts(msgspec.Struct, frozen=True, dict=True, weakref=True):
    """The counters of a histogram that are not zero.

    Attributes:
        indexes: which counters, ascending, little-endian uint16.
        counters: their counts, little-endian uint32, or uint64 once ``total`` needs it.
        total: number of values.
        sum_us: their sum, exact, so that the mean is too.
        beyond: how many of them were beyond the range; they are in the counter at its end.
        peaks: exact maxima, each as (n, µs): no value after the first n is as large as this one, and it is the largest
            of those after the n before it. The first is that of all values, and the largest after any earlier
            reading is the first one whose n exceeds that reading's total.
    """

    indexes: bytes = b""
    counters: bytes = b""
    total: int = 0
    sum_us: int = 0
    beyond: int = 0
    peaks: tuple[Peak, ...] = ()

    @staticmethod
    def of(
        indexes: I64, counters: I64, total: int, sum_us: int, beyond: int, peaks: tuple[Peak, ...]
    ) -> "HistogramCounts":
        """Return the value with ``counters``, none of them 0, at ``indexes``, ascending."""
        width = _NARROW if total <= _NARROW_MAX else _WIDE
        return HistogramCounts(
            indexes.astype(_INDEX).tobytes(), counters.astype(width).tobytes(), total, sum_us, beyond, peaks
        )

    @property
    def arrays(self) -> tuple[I64, I64]:
        """Indexes and counts as int64 arrays, made anew each time: a ring of snapshots must stay small."""
        indexes = np.frombuffer(self.indexes, _INDEX).astype(np.int64)
        wide = len(self.counters) > len(self.indexes) * 2
        return indexes, np.frombuffer(self.counters, _WIDE if wide else _NARROW).astype(np.int64)

    @cached_property
    def _ranks(self) -> I64:
        ranks: I64 = np.cumsum(self.arrays[1])
        return ranks

    def since(self, older: "HistogramCounts") -> "HistogramCounts":
        """Return what was recorded after ``older``, an earlier reading of the same histogram."""
        if not older.total:
            return self
        indexes, counters = self.arrays
        older_indexes, older_counters = older.arrays
        grown: I64 = np.zeros(indexes[-1] + 1, dtype=np.int64)  # all counters, which is quicker than looking them up
        grown[indexes] = counters
        grown[older_indexes] -= older_counters
        left = (grown != 0).nonzero()[0]
        return HistogramCounts.of(
            left,
            grown.take(left),
            self.total - older.total,
            self.sum_us - older.sum_us,
            self.beyond - older.beyond,
            tuple((number - older.total, us) for number, us in self.peaks if number > older.total),
        )

    def rank(self, percent: float) -> int:
        """Return which of the values in their order, from 1, is the one at ``percent`` (0 to 100)."""
        return max(int(min(percent, 100.0) * self.total / 100 + 0.5), 1)

    def above(self, limit_us: float, *, inclusive: bool) -> tuple[int, int]:
        """Return how many values are above ``limit_us``: at least and at most, which differ within a counter.

        Args:
            limit_us: any number, infinite too.
            inclusive: values at the limit count.
        """
        if not self.total or limit_us > self.peaks[0][1] or (limit_us == self.peaks[0][1] and not inclusive):
            return 0, 0
        from_us = 0 if limit_us < 0 else ceil(limit_us) if inclusive else floor(limit_us) + 1  # values are whole
        if from_us > HIGHEST_US:
            return (self.beyond, self.beyond) if from_us == BEYOND_US else (1, self.beyond)
        at = index_of(from_us)
        indexes, counters = self.arrays
        sure = int(counters[indexes > at].sum())
        here = int(counters[indexes == at].sum())
        if at == index_of(HIGHEST_US):  # values beyond the range are here too, and above any limit within it
            sure, here = sure + self.beyond, here - self.beyond
        sure += here if lowest_us(at) == from_us else 0
        return max(sure, 1), sure + (0 if lowest_us(at) == from_us else here)

    def percentile_us(self, percent: float) -> int | None:
        """Return the value at ``percent`` (0 to 100) as HdrHistogram does, or None without values.

        It is the top of the counter in which the value of that rank lies, or the maximum where that is less: never
        below it, and above it by less than 0.1 % or 1 µs. Beyond the range it is `BEYOND_US`: at least that.
        """
        if not self.total:
            return None
        rank = self.rank(percent)
        if rank > self.total - self.beyond:
            return BEYOND_US
        at = int(np.searchsorted(self._ranks, rank))
        return min(highest_us(int(np.frombuffer(self.indexes, _INDEX)[at])), self.peaks[0][1], HIGHEST_US)

    @property
    def mean_us(self) -> float | None:
        """The exact mean, or None without values."""
        return self.sum_us / self.total if self.total else None

    @property
    def max_us(self) -> int | None:
        """The exact maximum, however far beyond the range, or None without values."""
        return self.peaks[0][1] if self.total else None
