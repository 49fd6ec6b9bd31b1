"""Rows of the entities of all towns that a ring remembers, by code instead of by name."""

from collections.abc import Iterator, MutableMapping, Sequence

import numpy as np

from actors.arrays import I32, I64
from actors.features.interner import Computed
from actors.features.town_codes import NO_CODE, TownCodes

_NO_ROW = -1


class TwinRows(Computed, MutableMapping[str, int]):
    """Name → row. Of who lives in a town no name is kept, which would cost 130 bytes each; 4 are taken from the start.

    Args:
        codes: of all towns' names; no stranger's is given here.
    """

    def __init__(self, codes: TownCodes) -> None:
        self._names = codes.names
        self._code_of = codes.code_of
        self._rows: I32 = np.full(
            len(codes.names) + 1, _NO_ROW, dtype=np.int32
        )  # the last is a stranger's: NO_CODE is -1
        self._cells = self._rows.data
        self._strangers: dict[str, int] = {}
        self._twin_count = 0

    def __len__(self) -> int:
        """Return the number of entities that have a row."""
        return self._twin_count + len(self._strangers)

    def __getitem__(self, name: str) -> int:
        """Return the row of ``name``. Raises KeyError if it has none."""
        row = self._row_of(name)
        if row == _NO_ROW:
            raise KeyError(name)
        return row

    def _row_of(self, name: str) -> int:
        code = self._code_of(name)
        return self._strangers.get(name, _NO_ROW) if code == NO_CODE else self._cells[code]

    def numbers(self, names: Sequence[str]) -> I64:
        """Return the row of each name, int64 (n,), -1 where it has none."""
        codes = np.fromiter(map(self._code_of, names), np.int64, len(names))
        rows = self._rows.take(codes).astype(np.int64)
        if self._strangers:
            for at in np.flatnonzero(codes == NO_CODE).tolist():
                rows[at] = self._strangers.get(names[at], _NO_ROW)
        return rows

    def __setitem__(self, name: str, row: int) -> None:
        """Give ``name`` a row."""
        code = self._code_of(name)
        if code == NO_CODE:
            self._strangers[name] = row
        else:
            self._twin_count += self._cells[code] == _NO_ROW
            self._cells[code] = row

    def __delitem__(self, name: str) -> None:
        """Take the row of ``name`` away. Raises KeyError if it has none."""
        code = self._code_of(name)
        if code == NO_CODE:
            del self._strangers[name]
        elif self._cells[code] == _NO_ROW:
            raise KeyError(name)
        else:
            self._twin_count -= 1
            self._cells[code] = _NO_ROW

    def __iter__(self) -> Iterator[str]:
        """Yield the names that have a row: town by town, then strangers."""
        for code in np.flatnonzero(self._rows[:-1] != _NO_ROW).tolist():
            yield self._names.name(code)
        yield from self._strangers
