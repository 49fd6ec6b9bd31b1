"""Draws by counter: a 64-bit mixer that turns integers into independent bits.

Where a fact must be the same whenever it is asked for (is this card travelling on that day?), it is computed from its
key instead of being drawn in turn and remembered.

Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014 (SplitMix64).
"""

import numpy as np
from numpy.typing import NDArray

from actors.arrays import F64, I64

U64 = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


def mix(keys: U64) -> U64:
    """Return 64 well-mixed bits for each key."""
    mixed = keys + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))


def key_of(seed: int, *parts: I64 | int) -> U64:
    """Return one key for each row of ``parts``, which are integers or arrays that broadcast to shape (n,)."""
    key = np.full(1, seed & 0xFFFF_FFFF_FFFF_FFFF, dtype=np.uint64)
    for part in parts:
        key = mix(key ^ np.atleast_1d(np.asarray(part, dtype=np.int64)).view(np.uint64))
    return key


def uniforms(keys: U64, draw: int = 0) -> F64:
    """Return uniform numbers in [0, 1); another ``draw`` gives others for the same keys."""
    bits = mix(keys + np.uint64(draw))
    return (bits >> np.uint64(11)).astype(np.float64) * _TO_UNIT


_WORD = 0xFFFF_FFFF_FFFF_FFFF


def uniform(seed: int, part: int) -> float:
    """Return ``uniforms(key_of(seed, part))[0]``, in a tenth of the time.

    Example:
        >>> bool(uniform(7, 42) == uniforms(key_of(7, 42))[0])
        True
    """
    bits = _mix_one(_mix_one((seed ^ part) & _WORD))
    return (bits >> 11) * _TO_UNIT


def _mix_one(key: int) -> int:
    mixed = (key + 0x9E3779B97F4A7C15) & _WORD
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
    return mixed ^ (mixed >> 31)
