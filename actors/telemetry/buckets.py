"""The layout of a latency histogram: which counter a value belongs to, and which values a counter stands for.

Microseconds from 1 µs to 1 h at 3 significant digits, exactly as ``HdrHistogram(1, 3_600_000_000, 3)`` lays them out:
counters 1 µs wide up to 2,047 µs, then twice as wide at each doubling, so that a counter is never wider than 0.1 % of
the values in it.

Source: G. Tene, HdrHistogram, http://hdrhistogram.org.
"""

import numpy as np

from actors.arrays import I64

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
