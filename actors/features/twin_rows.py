"""Rows of the entities of all towns that a ring remembers, by code instead of by name."""

from collections.abc import Iterator, Sequence

import numpy as np

from actors.arrays import I32, I64
from actors.features.interner import Assigned
from actors.features.towns import STRANGER, TownNames

_NO_ROW = -1


class TwinRows(Assigned):
    """Name → row. Of who lives in a town no name is kept, which would cost 130 bytes each; 4 are taken from the start.

    Args:
        names: of all towns.
    """

    def __init__(self, names: TownNames) -> None:
        self._names = names
        self._rows: I32 = np.full(len(names) + 1, _NO_ROW, dtype=np.int32)  # the last is a stranger's: STRANGER is -1
        self._cells = self._rows.data
        self._strangers: dict[str, int] = {}
        self._twin_count = 0

    def __len__(self) -> int:
        """Return the number of entities that have a row."""
        return self._twin_count + len(self._strangers)

    def __getitem__(self, name: str) -> int:
        """Return the row of ``name``. Raises KeyError if it has none."""
        row = self.number(name)
        if row == _NO_ROW:
            raise KeyError(name)
        return row

    def number(self, name: str) -> int:
        """Return the row of ``name``, -1 if it has none."""
        at = self._names.number(name)
        return self._strangers.get(name, _NO_ROW) if at == STRANGER else self._cells[at]

    def numbers(self, names: Sequence[str]) -> I64:
        """Return the row of each name, int64 (n,), -1 where it has none."""
        numbers = self._names.numbers(names)
        rows = self._rows.take(numbers).astype(np.int64)
        if self._strangers:
            for at in (numbers == STRANGER).nonzero()[0].tolist():
                rows[at] = self._strangers.get(names[at], _NO_ROW)
        return rows

    def assign(self, names: Sequence[str], numbers: I64) -> None:
        """Give ``names``, which have none and are distinct, rows, int64 (n,)."""
        ours = self._names.numbers(names)
        self._rows[ours] = numbers
        self._rows[-1] = _NO_ROW
        strange = (ours == STRANGER).nonzero()[0]
        self._twin_count += len(names) - len(strange)
        self._strangers.update((names[at], int(numbers[at])) for at in strange.tolist())

    def __setitem__(self, name: str, row: int) -> None:
        """Give ``name`` a row."""
        at = self._names.number(name)
        if at == STRANGER:
            self._strangers[name] = row
        else:
            self._twin_count += self._cells[at] == _NO_ROW
            self._cells[at] = row

    def __delitem__(self, name: str) -> None:
        """Take the row of ``name`` away. Raises KeyError if it has none."""
        at = self._names.number(name)
        if at == STRANGER:
            del self._strangers[name]
        elif self._cells[at] == _NO_ROW:
            raise KeyError(name)
        else:
            self._twin_count -= 1
            self._cells[at] = _NO_ROW

    def __iter__(self) -> Iterator[str]:
        """Yield the names that have a row: town by town, then strangers."""
        for at in (self._rows[:-1] != _NO_ROW).nonzero()[0].tolist():
            yield self._names.name(at)
        yield from self._strangers
