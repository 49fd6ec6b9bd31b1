"""Names as integers: each name gets the next code the first time it is seen."""

from abc import abstractmethod
from collections.abc import Mapping, MutableMapping, Sequence
from itertools import repeat
from typing import TypeVar, overload

import numpy as np

from actors.arrays import I64

Other = TypeVar("Other")


class Computed(Mapping[str, int]):
    """Numbers of names, some of which are worked out when they are asked for."""

    @abstractmethod
    def number(self, name: str) -> int:
        """Return the number of ``name``, -1 if it has none."""
        ...

    @overload
    def get(self, name: str, default: None = None, /) -> int | None: ...
    @overload
    def get(self, name: str, default: int, /) -> int: ...
    @overload
    def get(self, name: str, default: Other, /) -> int | Other: ...
    def get(self, name: str, default: object = None, /) -> object:
        """Return the number of ``name``, ``default`` if it has none; no exception is raised on the way."""
        number = self.number(name)
        return default if number < 0 else number

    @abstractmethod
    def numbers(self, names: Sequence[str]) -> I64:
        """Return the number of each name, int64 (n,), -1 where it has none; not to be written to."""
        ...


class Assigned(Computed, MutableMapping[str, int]):
    """Numbers of names, which are given from outside."""

    @abstractmethod
    def assign(self, names: Sequence[str], numbers: I64) -> None:
        """Give ``names``, which have none and are distinct, their numbers, int64 (n,)."""
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
        """Return the codes of ``names``, int64 (n,), not to be written to; new names get new ones."""
        found = numbers_of(names, self.codes, -1)
        new = (found < 0).nonzero()[0]
        if new.size:
            found = found.copy()
            found[new] = [self._give(names[at]) for at in new.tolist()]
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


def assign(names: Sequence[str], numbers: MutableMapping[str, int], given: I64) -> None:
    """Give ``names``, which have no numbers and are distinct, those in ``given``, int64 (n,)."""
    if isinstance(numbers, Assigned):
        numbers.assign(names, given)
    else:
        numbers.update(zip(names, given.tolist(), strict=True))


def numbers_of(names: Sequence[str], numbers: Mapping[str, int], absent: int) -> I64:
    """Return the number of each name, int64 (n,), ``absent`` where it has none; not to be written to."""
    if isinstance(numbers, Computed):
        found = numbers.numbers(names)
        return found if absent < 0 else np.where(found < 0, absent, found)
    return np.fromiter(map(numbers.get, names, repeat(absent)), np.int64, len(names))


def name_array(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return names as an array that can be stored without pickling."""
    return np.array(names, dtype=np.str_) if names else np.empty(0, dtype="U1")
