"""The transactions that the source has handed out and the assembler has not read yet, parsed a page at a time."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from actors.core.transaction import Columns, ColumnsPart, Transaction, parse, read

PAGE = 2_048  # transactions; in blocks of this size their features cost a tenth of what they cost one by one

_NOT_READ = -1


@dataclass(frozen=True, slots=True)
class Page:
    """A block of consecutive transactions, as the source handed it out, already parsed.

    Attributes:
        raws: as they came.
        columns: those of them that can be read; None if none can.
        places: of each raw in ``columns``, _NOT_READ if it cannot be read; None: all can.
    """

    raws: Sequence[bytes]
    columns: Columns | None
    places: Sequence[int] | None

    @staticmethod
    def read(raws: Sequence[bytes]) -> "Page":
        """Read what can be read."""
        try:
            return Page(raws, read(raws), None)
        except ValueError:
            transactions: list[Transaction] = []
            places = [_place(raw, transactions) for raw in raws]
            return Page(raws, Columns.of(transactions) if transactions else None, places)

    def place(self, at: int, stop: int) -> int:
        """Return where ``raws[at:stop]`` begin in ``columns``, _NOT_READ if not all of them can be read."""
        places = self.places
        if places is None:
            return at
        return places[at] if _NOT_READ not in places[at:stop] else _NOT_READ


def _place(raw: bytes, transactions: list[Transaction]) -> int:
    """Add what ``raw`` says; return where it is."""
    try:
        transactions.append(parse(raw))
    except ValueError:
        return _NOT_READ
    return len(transactions) - 1


class Handed(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A slice of a page that was handed to whoever asked for its transactions.

    Attributes:
        columns: the very object; they may go on behind the end of the page.
        page: where they begin.
        start: where they begin in the page's columns.
    """

    columns: Columns
    page: Page
    start: int


class Pages:
    """Hands out slices of pages, and knows which.

    Attributes:
        handed: what was read last, if it was foreseen.
    """

    def __init__(self) -> None:
        self.handed: Handed | None = None
        self._coming: deque[Sequence[bytes]] = deque()
        self._page: Page | None = None
        self._next = 0

    def expect(self, raws: Sequence[bytes]) -> None:
        """Foresee ``raws`` after all that was foreseen before."""
        self._coming.extend(raws[at : at + PAGE] for at in range(0, len(raws), PAGE))

    def read(self, raws: Sequence[bytes]) -> Columns:
        """Return the transactions in ``raws``."""
        page, at, count = self._page, self._next, len(raws)
        if page is None or at >= len(page.raws) or page.raws[at] is not raws[0]:
            page, at = self._find(raws[0])
        if page is None or page.columns is None:
            return self._read_now(raws)
        stop = at + count
        start = page.place(at, stop)
        if start == _NOT_READ:
            return self._read_now(raws)
        self._next = stop
        whole = stop <= len(page.raws)
        columns = ColumnsPart(page.columns, start, start + count) if whole else read(raws)
        self.handed = Handed(columns, page, start)
        return columns

    def _read_now(self, raws: Sequence[bytes]) -> Columns:
        self.handed = None
        return read(raws)

    def _find(self, raw: bytes) -> tuple[Page | None, int]:
        """Return the page that ``raw`` is on and where, turning pages if need be; no page if it was not foreseen."""
        if self._coming and self._coming[0][0] is raw:  # most often
            self._page = Page.read(self._coming.popleft())
            return self._page, 0
        if self._page is not None and (at := _index(self._page.raws, raw)) is not None:
            return self._page, at
        for turned, raws in enumerate(self._coming):
            at = _index(raws, raw)
            if at is not None:
                for _ in range(turned + 1):
                    self._coming.popleft()
                self._page = Page.read(raws[at:])  # a batch went on behind the end of the page before
                return self._page, 0
        return None, 0


def _index(raws: Sequence[bytes], raw: bytes) -> int | None:
    """Return where the very object ``raw`` is; an equal one may be another transaction's second arrival."""
    if raws[0] is raw:
        return 0
    return next((at for at, each in enumerate(raws) if each is raw), None)
