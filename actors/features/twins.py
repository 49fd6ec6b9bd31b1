"""Twins: the past that all towns share, from which an entity of a town gets its own when it is first seen.

Forty towns have 16,000 merchants, 160,000 cards and twice as many devices, and most never turn up in a run. So town 0's
past is kept once, as one row of words an entity, and copied on the first sight of a twin: a word is then the same, or
moved by a number that only depends on its column and on the town.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from actors.arrays import I64, Bool, Column, Scalar
from actors.features.ring import Kind
from actors.features.towns import TownNames


class Twins:
    """Town 0's entities of one kind, and which of their twins were seen.

    Args:
        kinds: what the columns hold, by name.
        rows: row of each entity of town 0 in ``columns``, by name.
        columns: their past, (n,) or (n, width) each.
        names: of all towns, town 0 the first, those in ``rows`` among them; the entities of the next town have the
            identities after its.
        sizes: identities in each town, by kind of entity.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        rows: Mapping[str, int],
        columns: Mapping[str, Column],
        names: TownNames,
        sizes: Mapping[str, int],
    ) -> None:
        self._names = names
        self._size = max(1, len(names.names))
        words = {name: _words(columns[name][list(rows.values())]) for name in kinds}
        moved = [(words[name] != kind.empty) & kind.moves for name, kind in kinds.items()]
        place = {name: at for at, name in enumerate(names.names)}
        places = np.array([place[name] for name in rows], dtype=np.int64)
        self._words = _spread(np.concatenate(list(words.values()), axis=1), places, len(place))
        self._moved = _spread(np.concatenate(moved, axis=1), places, len(place))
        self._parts = _parts({name: words[name].shape[1] for name in kinds})
        self._moves: I64 = np.zeros((len(names.towns), self._words.shape[1]), dtype=np.int64)
        for block, town in enumerate(names.towns):
            offsets = {whose: block * size for whose, size in sizes.items()}
            for name, kind in kinds.items():
                self._moves[block, self._parts[name]] = kind.move(town.shift_us, offsets)
        self._asleep: Bool = np.zeros((len(names.towns), len(place)), dtype=np.bool_)
        self._asleep[:, places] = True
        self._asleep = np.append(self._asleep, False)  # the last is that of all strangers, whose number is negative

    def wake(self, names: Sequence[str], rows: I64, columns: Mapping[str, Column]) -> Bool:
        """Write the past of those of ``names`` that are twins seen for the first time; return which are not."""
        numbers = self._names.numbers(names)
        first = self._asleep.take(numbers)
        at, numbers = rows[first], numbers[first]
        if numbers.size:
            self._asleep[numbers] = False
            blocks, places = np.divmod(numbers, self._size)
            words = self._moved.take(places, axis=0) * self._moves.take(blocks, axis=0)
            words += self._words.take(places, axis=0)
            for name, part in self._parts.items():
                columns[name][at] = _like(columns[name], words[:, part])
        return ~first

    def sleepers(self) -> Iterator[list[str]]:
        """Yield the names of the twins that were not seen yet, town by town."""
        names, towns = self._names.names, self._names.towns
        for town, asleep in zip(towns, self._asleep[:-1].reshape(len(towns), len(names)), strict=True):
            yield town.rename([names[place] for place in asleep.nonzero()[0].tolist()])


def _spread(rows: NDArray[Scalar], places: I64, count: int) -> NDArray[Scalar]:
    """Return an array of ``count`` rows with ``rows`` in ``places``."""
    spread = np.zeros((count, rows.shape[1]), dtype=rows.dtype)
    spread[places] = rows
    return spread


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
