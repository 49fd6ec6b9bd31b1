"""Names for the array types that cross module borders.

Shapes are stated where an array is used; these aliases carry the element type only.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]
Column = NDArray[Any]
Record = Any
"""One element of a structured array, which shares its memory: ``record["field"]`` reads and writes."""


@lru_cache(maxsize=1_024)
def all_u8(value: int, count: int) -> U8:
    """Return ``value`` ``count`` times: one array for all who ask for the same, which cannot be written to."""
    return _frozen(np.full(count, value, dtype=np.uint8))


@lru_cache(maxsize=1_024)
def all_u16(value: int, count: int) -> U16:
    """Return ``value`` ``count`` times, as `all_u8` does."""
    return _frozen(np.full(count, value, dtype=np.uint16))


def joined(parts: Sequence[NDArray[Scalar]]) -> NDArray[Scalar]:
    """Return ``parts``, at least one, as one array; a single part itself."""
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def where(chosen: Bool) -> slice | Bool:
    """Return an index that picks the rows that ``chosen`` marks: a slice, which copies nothing, if they lie together.

    Example:
        >>> where(np.array([False, True, True, False]))
        slice(1, 3, None)
    """
    first = int(chosen.argmax()) if len(chosen) else 0
    stretch = slice(first, first + int(np.count_nonzero(chosen)))
    return stretch if chosen[stretch].all() else chosen


def _frozen(array: NDArray[Scalar]) -> NDArray[Scalar]:
    array.flags.writeable = False
    return array
