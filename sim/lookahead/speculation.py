"""The features of transactions that are expected next, computed as if nothing came between."""

from actors.core.arrays import F32, U8
from actors.core.transaction import Columns, cut
from actors.features.assembly import FeatureAssembly
from actors.features.entity_windows import NOBODY, EntityWindows
from actors.features.store import InMemoryFeatureStore, StoreRows
from actors.features.stream_state import InMemoryStreamState
from sim.lookahead.pages import Page


class PartRows(StoreRows):
    """The store's rows for a part of a page; sliced when they are read, which most never are.

    Args:
        whole: what it has on all of the page; arrays share memory.
        at: the part.
    """

    __slots__ = ("at", "whole")

    def __init__(self, whole: StoreRows, at: slice) -> None:
        self.whole = whole
        self.at = at

    def fits(self, count: int) -> bool:
        """Return whether these are the rows of ``count`` transactions; nothing is cut for it."""
        return len(range(self.at.start, self.at.stop)) == count

    def __getattr__(self, name: str) -> object:
        """Cut a column that was not asked for before."""
        if name not in StoreRows.__slots__:
            raise AttributeError(name)
        column = getattr(self.whole, name)[self.at]
        setattr(self, name, column)
        return column


class Undo:
    """A copy of the windows that a block will change, from which they can be restored.

    An entity that is first seen in the block keeps its place afterwards, with the history that it begins with.

    Args:
        rings: not counted into yet.
        columns: the block; `has_room` for it.
    """

    def __init__(self, rings: EntityWindows, columns: Columns) -> None:
        located = [rows[rows != NOBODY] for rows in rings.locate(columns)]
        self._kept = [
            (ring, rows, ring.words[rows]) for ring, rows in zip(rings.by_kind().values(), located, strict=True)
        ]

    def restore(self) -> None:
        """Put the copies back."""
        for ring, rows, words in self._kept:
            ring.words[rows] = words


def has_room(rings: EntityWindows, count: int) -> bool:
    """Return whether ``count`` transactions can be counted without anyone being forgotten for them."""
    return all(len(ring) + count <= ring.max_entities for ring in rings.by_kind().values())


class Speculation:
    """A part of a page whose transactions are counted into the windows before the pipeline asks for them.

    Args:
        page: the page.
        start: of the part in the page's columns.
        count: of transactions in it.
        assembly: computes their features.
        stream: the windows it counts into.
        store: what it looks up in, at first as it is now.

    Attributes:
        page: the page.
        start: of the part.
        next: the first transaction in the page's columns that was not asked for yet.
        stop: behind the part.
        table: the batch table that was looked up in.
        features: float32 (n, n_features), with the batch tier in ``table``.
        stream: float32 (n, len(STREAM_COLUMNS)).
    """

    def __init__(
        self,
        page: Page,
        start: int,
        count: int,
        assembly: FeatureAssembly,
        stream: InMemoryStreamState,
        store: InMemoryFeatureStore,
    ) -> None:
        if page.columns is None:
            raise AssertionError("nothing on this page can be read")
        self.page, self.start, self.next = page, start, start
        whole = start == 0 and count >= len(page.columns)  # most often; the same object is not looked up again
        self.columns = page.columns if whole else cut(page.columns, slice(start, start + count))
        self.stop = start + len(self.columns)
        self._undo = Undo(stream.rings, self.columns)
        self._assembly, self._store = assembly, store
        self.stream = stream.count(self.columns)
        self.look_up()

    def look_up(self) -> None:
        """Look up in the store's table, and compute the features with it."""
        self.table = self._store.table
        self._rows = self._store.rows(self.columns.cards, self.columns.merchants)
        self.features, self._mode = self._assembly.join(self.columns, self.stream, self._rows)

    @property
    def coming(self) -> F32:
        """The features of what was not asked for yet."""
        return self.features[self.next - self.start :]

    def rows(self, count: int) -> StoreRows:
        """Return what the store has on the next ``count`` transactions."""
        start = self.next - self.start
        return PartRows(self._rows, slice(start, start + count))

    def foreseen(self, count: int) -> tuple[tuple[F32, U8], F32]:
        """Return features and modes of the next ``count`` transactions, with the rows that the store had, and go on.

        Beside them are their streaming features.
        """
        start = self.next - self.start
        self.next += count
        at = slice(start, start + count)
        return (self.features[at], self._mode[at]), self.stream[at]

    def streamed(self, count: int) -> F32:
        """Return the streaming features of the next ``count`` transactions, or of those that are left, and go on."""
        start = self.next - self.start
        streamed = self.stream[start : start + count]
        self.next += len(streamed)
        return streamed

    def withdraw(self) -> Columns | None:
        """Take the part out of the windows again.

        Returns:
            What of it was asked for and must be counted, if anything.
        """
        self._undo.restore()
        asked = self.next - self.start
        return cut(self.columns, slice(0, asked)) if asked else None
