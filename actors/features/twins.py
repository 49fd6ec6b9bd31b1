"""Twins: the past that all towns share, from which an entity of a town gets its own when it is first seen.

Forty towns have 16,000 merchants, 160,000 cards and twice as many devices, and most never turn up in a run. So town 0's
past is kept once, as one row of words an entity, and copied on the first sight of a twin: a word is then the same, or
moved by a number that only depends on its column and on the town.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from actors.arrays import I64, Bool
from actors.features.ring import Column, Kind
from actors.features.town_codes import NO_CODE, TownCodes
from actors.features.towns import Town, TownNames


class Twins:
    """Town 0's entities of one kind, and which of their twins were seen.

    Args:
        kinds: what the columns hold, by name.
        rows: row of each entity of town 0 in ``columns``, by name.
        columns: their past, (n,) or (n, width) each.
        towns: all towns, town 0 the first; the entities of the next one have the identities after its.
        sizes: identities in each town, by kind of entity.

    Attributes:
        codes: of all towns' entities.

    Raises:
        ValueError: a town is given twice, or a name is not of town 0.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        rows: Mapping[str, int],
        columns: Mapping[str, Column],
        towns: Sequence[Town],
        sizes: Mapping[str, int],
    ) -> None:
        self.codes = TownCodes(TownNames(list(rows), towns))
        words = {name: _words(columns[name][list(rows.values())]) for name in kinds}
        self._words: I64 = np.concatenate(list(words.values()), axis=1)
        moved = [(words[name] != kind.empty) & kind.moves for name, kind in kinds.items()]
        self._moved: Bool = np.concatenate(moved, axis=1)
        self._parts = _parts({name: words[name].shape[1] for name in kinds})
        self._floats = [name for name in kinds if columns[name].dtype.kind == "f"]
        self._places = {  # of one row's words
            name: part if columns[name].ndim > 1 else part.start
            for name, part in self._parts.items()
            if name not in self._floats
        }
        self._moves: I64 = np.zeros((len(towns), self._words.shape[1]), dtype=np.int64)
        for block, town in enumerate(towns):
            offsets = {whose: block * size for whose, size in sizes.items()}
            for name, kind in kinds.items():
                self._moves[block, self._parts[name]] = kind.move(town.shift_us, offsets)
        self._seen = bytearray(len(self.codes))

    def wake(self, names: Sequence[str], rows: I64, columns: Mapping[str, Column]) -> Bool:
        """Write the past of those of ``names`` that are twins seen for the first time; return which are not."""
        others = np.ones(len(names), dtype=np.bool_)
        found = [(place, twin) for place, twin in enumerate(map(self._first_sight, names)) if twin is not None]
        if found:
            places = np.array([place for place, _ in found], dtype=np.int64)
            blocks, sources = np.array([twin for _, twin in found], dtype=np.int64).T
            others[places] = False
            words = self._moved.take(sources, axis=0) * self._moves.take(blocks, axis=0)
            words += self._words.take(sources, axis=0)
            at = rows[places]
            for name, part in self._parts.items():
                columns[name][at] = _like(columns[name], words[:, part])
        return others

    def wake_one(self, name: str, row: int, columns: Mapping[str, Column]) -> bool:
        """Do the same for one name; return whether it is a twin seen for the first time."""
        twin = self._first_sight(name)
        if twin is None:
            return False
        block, source = twin
        words = self._words[source] + self._moved[source] * self._moves[block]
        for column, place in self._places.items():
            columns[column][row] = words[place]
        for column in self._floats:
            columns[column][row] = words[self._parts[column]].view(columns[column].dtype)
        return True

    def _first_sight(self, name: str) -> tuple[int, int] | None:
        """Return town and row of a twin that was not seen before, as its place among towns and in the past."""
        code = self.codes.code_of(name)
        if code == NO_CODE or self._seen[code]:
            return None
        self._seen[code] = 1
        return divmod(code, len(self.codes.names.names))


def _parts(widths: Mapping[str, int]) -> dict[str, slice]:
    ends = np.cumsum(list(widths.values())).tolist()
    return {name: slice(end - width, end) for (name, width), end in zip(widths.items(), ends, strict=True)}


def _words(column: Column) -> I64:
    """Return each row of ``column`` as int64 words, (n, words)."""
    rows = np.ascontiguousarray(column).reshape(len(column), -1)
    return rows.view(np.int64) if column.dtype.kind == "f" else rows.astype(np.int64)


def _like(column: Column, words: I64) -> Column:
    """Return ``words`` as rows of ``column``."""
    values = np.ascontiguousarray(words).view(column.dtype) if column.dtype.kind == "f" else words
    return values.reshape(len(words), *column.shape[1:])
