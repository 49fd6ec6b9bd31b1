"""Names as integers: codes that grow with the names seen, and fixed codes of merchant categories."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np

from actors.core.arrays import I64


class KnownEntities(Protocol):
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

    A code is never given twice. The known entities are asked when a name is first met; from then on it is one look-up
    in a dict.

    Args:
        names: of those that have the first codes after the known ones.
        known: from elsewhere; None if none are.
    """

    def __init__(self, names: Iterable[str] = (), known: KnownEntities | None = None) -> None:
        self.known = known
        self._known_count = 0 if known is None else len(known)
        self._met = _Met(known)
        self._met.update({name: code for code, name in enumerate(names, self._known_count)})
        self._count = self._known_count + len(self._met)

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
        return [*(self.known or ()), *self._unknown()]

    def code(self, name: str) -> int:
        """Return the code of ``name``, -1 if it has none."""
        return self._met[name]

    def find(self, names: Sequence[str]) -> I64:
        """Return the code of each name, int64 (n,), -1 where it has none."""
        return np.fromiter(map(self._met.__getitem__, names), np.int64, len(names))

    def of(self, names: Sequence[str]) -> I64:
        """Return the codes of ``names``, int64 (n,); new names get new ones."""
        found = self.find(names)
        new = (found < 0).nonzero()[0]
        if new.size:
            found[new] = [self._give(names[at]) for at in new.tolist()]
        return found

    def only(self, kept: I64) -> tuple["Interner", I64]:
        """Return an interner of the known and of only these codes' names, and every old code's new one.

        Args:
            kept: codes, ascending and distinct.
        """
        first, unknown = self._known_count, list(self._unknown())
        stay = kept[kept >= first]
        new = np.zeros(len(self), dtype=np.int64)
        new[:first] = np.arange(first)
        new[stay] = np.arange(first, first + len(stay))
        return Interner([unknown[code - first] for code in stay.tolist()], self.known), new

    def _give(self, name: str) -> int:
        code = self._met.setdefault(name, self._count)
        self._count += code == self._count
        return code

    def _unknown(self) -> Iterator[str]:
        return (name for name, code in self._met.items() if code >= self._known_count)


class _Met(dict[str, int]):
    """Code of each name that was met; any other is looked for among the known entities, and is -1 if it is unknown."""

    def __init__(self, known: KnownEntities | None) -> None:
        super().__init__()
        self._number = _nobody if known is None else known.number

    def __missing__(self, name: str) -> int:
        number = self._number(name)
        if number >= 0:
            self[name] = number
        return number


def _nobody(_: str) -> int:
    return -1


def name_array(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return names as an array that can be stored without pickling."""
    return np.array(names, dtype=np.str_) if names else np.empty(0, dtype="U1")


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
