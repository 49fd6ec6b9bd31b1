"""An append-only log of columns, whose front can be dropped."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import DTypeLike

from actors.core.arrays import Column

Allocate = Callable[[int, DTypeLike], Column]
"""Returns a new array of so many elements, as `np.empty` does; it may lie elsewhere than in memory."""

_FIRST_CAPACITY = 1_024
_PIECE = 32_768  # rows that are read at once: a few milliseconds' work, and little of a long log in memory


class ColumnLog:
    """Rows in the order in which they came, one growing array a column.

    A `view` stays as it was whatever is appended or dropped afterwards, so another thread may read it meanwhile.

    Args:
        dtypes: element type of each column; one must be called ``event_us``.
        allocate: makes its arrays.
    """

    def __init__(self, dtypes: Mapping[str, DTypeLike], allocate: Allocate = np.empty) -> None:
        self._dtypes = dict(dtypes)
        self._allocate = allocate
        self._columns: dict[str, Column] = {name: np.empty(0, dtype) for name, dtype in dtypes.items()}
        self._start = 0
        self._end = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._end - self._start

    def append(self, **columns: Column) -> None:
        """Add rows; every column must be given, all of one length."""
        count = len(columns["event_us"])
        self._reserve(self._end + count)
        for name, column in self._columns.items():
            column[self._end : self._end + count] = columns[name]
        self._end += count

    def view(self) -> dict[str, Column]:
        """Return the columns, sharing memory; not to be written to."""
        return {name: column[self._start : self._end] for name, column in self._columns.items()}

    def drop_before(self, event_us: int) -> None:
        """Drop the longest front in which every row is before ``event_us``.

        A late row keeps what came after it; nothing is lost, and little is kept in vain.
        """
        times = self._columns["event_us"][self._start : self._end]
        if not len(times) or times[0] >= event_us:
            return
        kept = np.flatnonzero(times >= event_us)
        self.drop(int(kept[0]) if kept.size else len(times))

    def drop(self, count: int) -> None:
        """Drop the first ``count`` rows."""
        self._start += count
        if self._start > self._end // 2:
            self._move(len(self))

    def rewrite(self, name: str, values: Column) -> None:
        """Give the rows other values in one column, (len,)."""
        column = self._allocate(len(self._columns[name]), self._dtypes[name])
        column[self._start : self._end] = values
        self._columns[name] = column

    def _reserve(self, end: int) -> None:
        capacity = len(self._columns["event_us"])
        if end > capacity:
            self._move(max(_FIRST_CAPACITY, (end - self._start) * 3 // 2))

    def _move(self, capacity: int) -> None:
        """Copy to new arrays: views of the old ones stay as they are."""
        count = len(self)
        for name, column in self._columns.items():
            grown = self._allocate(capacity, self._dtypes[name])
            grown[:count] = column[self._start : self._end]
            self._columns[name] = grown
        self._start, self._end = 0, count


def pieces(columns: Mapping[str, Column]) -> Iterator[dict[str, Column]]:
    """Yield ``columns`` piece by piece, in their order, each short enough for one step of a few milliseconds."""
    count = len(next(iter(columns.values())))
    for start in range(0, count, _PIECE):
        yield {name: column[start : start + _PIECE] for name, column in columns.items()}
