"""Codes of the names of all towns, worked out when a name is first asked for instead of being kept for all."""

from collections.abc import Iterator, Sequence

import numpy as np

from actors.arrays import I64
from actors.features.interner import Computed, Interner
from actors.features.towns import STRANGER, TownNames

NO_CODE = STRANGER


class TownCodes(Computed):
    """Name → code: the numbers of the towns' names, and after them codes of strangers in the order of first sight.

    Args:
        names: of all towns.

    Attributes:
        names: of all towns.
        strangers: those met that are of no town, with their codes.
    """

    def __init__(self, names: TownNames) -> None:
        self.names = names
        self.strangers: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        """Return the code of ``name``. Raises KeyError if it has none."""
        code = self.number(name)
        if code == NO_CODE:
            raise KeyError(name)
        return code

    def __len__(self) -> int:
        """Return the number of codes."""
        return len(self.names) + len(self.strangers)

    def __iter__(self) -> Iterator[str]:
        """Yield all names, by code."""
        for town in self.names.towns:
            yield from town.rename(self.names.names)
        yield from list(self.strangers)

    def number(self, name: str) -> int:
        """Return the code of ``name``, NO_CODE if it has none."""
        number = self.names.number(name)
        return self.strangers.get(name, NO_CODE) if number == STRANGER else number

    def numbers(self, names: Sequence[str]) -> I64:
        """Return the code of each name, int64 (n,), NO_CODE where it has none; not to be written to."""
        found = self.names.numbers(names)
        if self.strangers:
            strange = (found == STRANGER).nonzero()[0]
            if strange.size:
                found = found.copy()
                found[strange] = [self.strangers.get(names[at], NO_CODE) for at in strange.tolist()]
        return found

    def give(self, name: str) -> int:
        """Return the code of ``name``, a new one if it has none."""
        number = self.names.number(name)
        return self.strangers.setdefault(name, len(self)) if number == STRANGER else number


class TownInterner(Interner):
    """An interner that has codes for all names of all towns from the start.

    Args:
        names: of all towns.
    """

    def __init__(self, names: TownNames) -> None:
        super().__init__()
        self._codes = TownCodes(names)
        self.codes = self._codes

    def _give(self, name: str) -> int:
        return self._codes.give(name)

    def only(self, kept: I64) -> tuple[Interner, I64]:
        """Return an interner without the strangers that are not ``kept``, and every old code's new one."""
        towns, strangers = self._codes.names, list(self._codes.strangers)
        fewer = TownInterner(towns)
        new = np.zeros(len(self), dtype=np.int64)
        new[: len(towns)] = np.arange(len(towns))
        for code in kept[kept >= len(towns)].tolist():
            new[code] = fewer._give(strangers[code - len(towns)])
        return fewer, new
