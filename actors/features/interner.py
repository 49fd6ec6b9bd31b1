"""Names as integers: each name gets the next code the first time it is seen."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import repeat

import numpy as np

from actors.arrays import I64


class Computed(Mapping[str, int]):
    """Numbers of names, some of which are worked out when they are first asked for."""

    @abstractmethod
    def numbers(self, names: Sequence[str]) -> I64:
        """Return the number of each name, int64 (n,), -1 where it has none."""
        ...


class Interner:
    """Codes 0, 1, 2, … in the order of first sight; a code is never given twice.

    Attributes:
        codes: name → code; only ever grows, so another thread may read it.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._own: dict[str, int] = {name: code for code, name in enumerate(names)}
        self.codes: Mapping[str, int] = self._own

    def __len__(self) -> int:
        """Return the number of codes."""
        return len(self.codes)

    def of(self, names: Sequence[str]) -> I64:
        """Return the codes of ``names``, int64 (n,); new names get new ones."""
        found = numbers_of(names, self.codes, -1)
        if found.size and found.min() < 0:
            found = np.array([self._give(name) for name in names], dtype=np.int64)
        return found

    def _give(self, name: str) -> int:
        """Return the code of ``name``, a new one if it has none."""
        return self._own.setdefault(name, len(self._own))

    def only(self, kept: I64) -> tuple["Interner", I64]:
        """Return an interner of only these codes' names, in ascending order, and every old code's new one.

        Args:
            kept: codes, ascending and distinct.
        """
        names = self.names
        new = np.zeros(len(names), dtype=np.int64)
        new[kept] = np.arange(len(kept))
        return Interner([names[code] for code in kept.tolist()]), new

    @property
    def names(self) -> list[str]:
        """All names, by code."""
        return list(self.codes)


def numbers_of(names: Sequence[str], numbers: Mapping[str, int], absent: int) -> I64:
    """Return the number of each name, int64 (n,), ``absent`` where it has none; no Python code runs per name."""
    if isinstance(numbers, Computed):
        found = numbers.numbers(names)
        return found if absent < 0 else np.where(found < 0, absent, found)
    return np.fromiter(map(numbers.get, names, repeat(absent)), np.int64, len(names))


def name_array(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return names as an array that can be stored without pickling."""
    return np.array(names, dtype=np.str_) if names else np.empty(0, dtype="U1")
