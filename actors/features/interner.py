"""Names as integers, for tables and logs whose rows are numbers."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from itertools import repeat
from typing import Protocol, TypeVar, overload

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


class Known(Protocol):
    """Entities of one kind that are known from elsewhere, with a number each, from 0 on."""

    def __len__(self) -> int:
        """Return how many there are. Never changes."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Yield all names, by number."""
        ...

    def number(self, name: str) -> int:
        """Return the number of ``name``, -1 if it is not among them.

        Called when a name is first met, and again for one that is not known until it has a code. Must not raise.
        """
        ...


class Interner:
    """Names as codes: an entity that is known from elsewhere has its number there, any other gets the next one.

    A code is never given twice. Who is known is asked for when a name is first met; from then on it is one look-up in
    a dict.

    Args:
        names: of those that have the first codes after the known ones.
        known: from elsewhere; None if nobody is.
    """

    def __init__(self, names: Iterable[str] = (), known: Known | None = None) -> None:
        self.known = known
        self._known_count = 0 if known is None else len(known)
        self._met = Met(known)
        self._met.update({name: code for code, name in enumerate(names, self._known_count)})
        self._count = self._known_count + len(self._met)
        self._latest: tuple[Sequence[str], I64] = (), np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        """Return the number of codes."""
        return self._count

    @property
    def met_count(self) -> int:
        """How many names are remembered."""
        return len(self._met)

    @property
    def names(self) -> list[str]:
        """All names, by code."""
        return [*(self.known or ()), *self._strangers()]

    def code(self, name: str) -> int:
        """Return the code of ``name``, -1 if it has none."""
        return self._met[name]

    def find(self, names: Sequence[str]) -> I64:
        """Return the code of each name, int64 (n,), -1 where it has none; not to be written to.

        The last object again is not looked up again, so ``names`` must not be changed.
        """
        latest, found = self._latest
        if latest is not names:
            found = np.fromiter(map(self._met.__getitem__, names), np.int64, len(names))
            self._latest = names, found
        return found

    def of(self, names: Sequence[str]) -> I64:
        """Return the codes of ``names``, int64 (n,), not to be written to; new names get new ones."""
        found = self.find(names)
        new = (found < 0).nonzero()[0]
        if new.size:
            found = found.copy()
            found[new] = [self._give(names[at]) for at in new.tolist()]
            self._latest = names, found
        return found

    def only(self, kept: I64) -> tuple["Interner", I64]:
        """Return an interner of the known and of only these codes' names, and every old code's new one.

        Args:
            kept: codes, ascending and distinct.
        """
        first, strangers = self._known_count, list(self._strangers())
        stay = kept[kept >= first]
        new = np.zeros(len(self), dtype=np.int64)
        new[:first] = np.arange(first)
        new[stay] = np.arange(first, first + len(stay))
        return Interner([strangers[code - first] for code in stay.tolist()], self.known), new

    def _give(self, name: str) -> int:
        code = self._met.setdefault(name, self._count)
        self._count += code == self._count
        return code

    def _strangers(self) -> Iterator[str]:
        return (name for name, code in self._met.items() if code >= self._known_count)


class Met(dict[str, int]):
    """Name → code of who was met; the known are asked for a name that is missing, and whom nobody knows has code -1."""

    def __init__(self, known: Known | None) -> None:
        super().__init__()
        self.number = _nobody if known is None else known.number

    def __missing__(self, name: str) -> int:
        number = self.number(name)
        if number >= 0:
            self[name] = number
        return number


def _nobody(_: str) -> int:
    return -1


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
