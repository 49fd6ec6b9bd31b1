"""Codes of the names of all towns, worked out when a name is first asked for instead of being kept for all."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from actors.arrays import I64
from actors.features.interner import Computed, Interner
from actors.features.towns import Town, TownNames

NO_CODE = -1
REMEMBERED = 32_768  # codes at hand, 4 MB with their names; any other is worked out again, in half a microsecond


class TownCodes(Computed):
    """Name → code: a block of codes for each town, and after them codes of strangers in the order of first sight.

    A town's names are in the order of town 0's, so the twin of the same place in another block has the same past.

    Args:
        names: of all towns.

    Attributes:
        names: of all towns.
        strangers: those met that are of no town, with their codes.
        at_hand: codes that were asked for lately, at most REMEMBERED.
    """

    def __init__(self, names: TownNames) -> None:
        self.names = names
        self.strangers: dict[str, int] = {}
        self.at_hand: Mapping[str, int] = _Known(names, self.strangers)
        self.code_of = self.at_hand.__getitem__  # no Python code runs for who was asked for lately

    def __getitem__(self, name: str) -> int:
        """Return the code of ``name``. Raises KeyError if it has none."""
        code = self.code_of(name)
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
        yield from self.strangers

    def numbers(self, names: Sequence[str]) -> I64:
        """Return the code of each name, int64 (n,), NO_CODE where it has none."""
        return np.fromiter(map(self.code_of, names), np.int64, len(names))

    def give(self, name: str) -> int:
        """Return the code of ``name``, a new one if it has none."""
        code = self.code_of(name)
        if code == NO_CODE:
            code = self.strangers[name] = len(self)
        return code


class _Known(dict[str, int]):
    """Codes that were asked for lately; NO_CODE of a stranger not met."""

    def __init__(self, names: TownNames, strangers: Mapping[str, int]) -> None:
        super().__init__()
        self._names = names
        self._strangers = strangers

    def __missing__(self, name: str) -> int:
        twin = self._names.find(name)
        if twin is None:
            return self._strangers.get(name, NO_CODE)
        block, place = twin
        if len(self) >= REMEMBERED:
            self.clear()
        code = self[name] = block * len(self._names.names) + place
        return code


class TownInterner(Interner):
    """An interner that has codes for all names of all towns from the start.

    Args:
        names: of town 0, by code.
        towns: all towns, town 0 the first.
    """

    def __init__(self, names: Sequence[str], towns: Sequence[Town]) -> None:
        super().__init__()
        self._codes = TownCodes(TownNames(names, towns))
        self.codes = self._codes

    def _give(self, name: str) -> int:
        return self._codes.give(name)

    def only(self, kept: I64) -> tuple[Interner, I64]:
        """Return an interner without the strangers that are not ``kept``, and every old code's new one."""
        towns, strangers = self._codes.names, list(self._codes.strangers)
        fewer = TownInterner(towns.names, towns.towns)
        new = np.zeros(len(self), dtype=np.int64)
        new[: len(towns)] = np.arange(len(towns))
        for code in kept[kept >= len(towns)].tolist():
            new[code] = fewer._give(strangers[code - len(towns)])
        return fewer, new
