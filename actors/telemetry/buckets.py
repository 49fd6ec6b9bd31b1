"""The layout of a latency histogram: which counter a value belongs to, and which values a counter stands for.

Microseconds from 1 µs to 60 s at 3 significant digits, exactly as ``HdrHistogram(1, 60_000_000, 3)`` lays them out:
counters 1 µs wide up to 2,047 µs, then twice as wide at each doubling, so that a counter is never wider than 0.1 % of
the values in it.

Source: G. Tene, HdrHistogram, http://hdrhistogram.org.
"""

import numpy as np

from actors.arrays import I64

LOWEST_US = 1
HIGHEST_US = 60_000_000  # 60 s: a transaction older than that has failed in any case
SIGNIFICANT_DIGITS = 3
HALF_BITS = 10  # 3 digits need 2 × 1,000 counters for a doubling, rounded up to 2 × 1,024
LINEAR = 2 << HALF_BITS  # below this, a counter is 1 µs wide
COUNTERS = 17 << HALF_BITS  # 16 doublings reach 67 s, and the first has both its halves

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


def highest_us(index: int) -> int:
    """Return the largest value that counter ``index`` stands for."""
    shift = max(0, (index >> HALF_BITS) - 1)
    mantissa = index - (shift << HALF_BITS)
    return ((mantissa + 1) << shift) - 1
