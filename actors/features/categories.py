"""Merchant categories as codes: a fixed vocabulary, so that a code means the same in every model and run."""

import zlib
from collections.abc import Sequence

import numpy as np

from actors.arrays import I64

CATEGORIES = (
    "grocery",
    "fuel",
    "restaurant",
    "transport",
    "health",
    "clothing",
    "electronics",
    "home",
    "entertainment",
    "travel",
    "digital",
    "gifts",
)
OTHER_CODES = 32  # names outside the vocabulary share these; few enough for a tree to split on
CODE_COUNT = len(CATEGORIES) + OTHER_CODES
NO_CATEGORY = 255  # in logs of bytes

_REMEMBERED = 4_096  # a file with more distinct categories than this is not naming categories


class _Codes(dict[str | None, int]):
    """Codes that were asked for."""

    def __missing__(self, name: str | None) -> int:
        code = len(CATEGORIES) + zlib.crc32(str(name).encode()) % OTHER_CODES
        if len(self) < _REMEMBERED:
            self[name] = code
        return code


_codes = _Codes({name: code for code, name in enumerate(CATEGORIES)} | {None: NO_CATEGORY})


def category_codes(names: Sequence[str | None]) -> I64:
    """Return the codes of ``names`` in [0, CODE_COUNT), or NO_CATEGORY for None, int64 (n,).

    A name outside the vocabulary gets one of ``OTHER_CODES`` codes by its checksum: stable, though not unique.

    Example:
        >>> fuel, nothing, other = category_codes(["fuel", None, "5411"]).tolist()
        >>> fuel, nothing, other >= len(CATEGORIES)
        (1, 255, True)
    """
    return np.array(list(map(_codes.__getitem__, names)), dtype=np.int64)
