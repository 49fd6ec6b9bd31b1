"""The features of transactions that are expected next, computed as if nothing came between."""

from actors.arrays import F32, U8
from actors.features.assembly import FeatureAssembly
from actors.features.columns import cut
from actors.features.rings import Rings
from actors.features.store import InMemoryFeatureStore, StoreRows
from actors.transaction import Columns
from sim.foresight.pages import Page
from sim.foresight.part_rows import PartRows
from sim.foresight.undo import Undo


class Speculation:
    """A part of a page, counted into the windows before its time.

    Args:
        page: the page.
        start: of the part in the page's columns.
        count: of transactions in it.
        assembly: computes their features.
        rings: the windows it counts into.
        store: what it looks up in, at first as it is now.
        sequence: of this count, one that no batch has.

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
        rings: Rings,
        store: InMemoryFeatureStore,
        sequence: int,
    ) -> None:
        if page.columns is None:
            raise AssertionError("nothing on this page can be read")
        self.page, self.start, self.next = page, start, start
        whole = start == 0 and count >= len(page.columns)  # most often; the same object is not looked up again
        self.columns = page.columns if whole else cut(page.columns, slice(start, start + count))
        self.stop = start + len(self.columns)
        self._undo = Undo(rings, self.columns)
        self._assembly, self._store = assembly, store
        self.stream = assembly.stream.advance(sequence, self.columns)
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

    def foreseen(self, count: int) -> tuple[F32, U8]:
        """Return features and modes of the next ``count`` transactions, with the rows that the store had, and go on."""
        start = self.next - self.start
        self.next += count
        at = slice(start, start + count)
        return self.features[at], self._mode[at]

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
