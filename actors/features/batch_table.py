"""The builder of batch tables: features of every card and merchant, computed from history."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from actors.core.arrays import F32, F64, I32, I64
from actors.features.batch_sums import BatchSums, card_rows, fill, fill_cards, merchant_rows, no_cards
from actors.features.column_log import pieces
from actors.features.encoding import KnownEntities
from actors.features.history import History, HistoryView
from actors.features.store import CARD_COLUMNS, MISSING_AT, BatchTable, TableSide

_ROWS_A_STEP = 8_192  # two or three milliseconds
_CARDS_AT_ONCE = 65_536  # in memory at a time: 5 MB of sums; history is read once for each such part


class EarlierSums(Protocol):
    """What cards and merchants did before a run: sums over a history that is kept elsewhere."""

    @property
    def cards(self) -> KnownEntities:
        """Return the cards whose sums these are."""
        ...

    @property
    def merchants(self) -> KnownEntities:
        """Return the merchants whose sums these are."""
        ...

    def fill(self, totals: BatchSums, at_us: int) -> Iterator[None]:
        """Compute what the table needs, and add the sums of merchants and categories, in steps of milliseconds.

        Called first for each table; may run in another thread.

        Args:
            totals: of the run's own history; changed.
            at_us: the table's instant.
        """
        ...

    def rows(self, at_us: int) -> tuple[F32, I64, I32]:
        """Return the rows of the known cards, once `fill` is over; cards with the same past share one.

        Returns:
            Rows of CARD_COLUMNS, float32 (m, 8), their ``computed_us``, int64 (m,), and the row of each known card.
        """
        ...

    def add_to_cards(self, sums: F64, codes: I64, at_us: int) -> None:
        """Add theirs to the sums of some cards, once `fill` is over.

        Args:
            sums: as `fill_cards` leaves them; changed.
            codes: of the cards, ascending; a code beyond those of the known cards is of an unknown one.
            at_us: the table's instant.
        """
        ...


class BatchTableBuilder:
    """Computes tables from history; the same history and instant give the same table.

    Args:
        history: what is appended to while running.
        label_delay_us: how long labels take; the windows of risks end that much before the table's instant.
        earlier: what was before; None if ``history`` holds it itself.

    Raises:
        ValueError: ``history`` numbers entities otherwise than ``earlier`` does.
    """

    def __init__(self, history: History, label_delay_us: int, earlier: EarlierSums | None = None) -> None:
        self.history = history
        self.label_delay_us = label_delay_us
        self._earlier = earlier
        if earlier is not None and (history.cards.known, history.merchants.known) != (earlier.cards, earlier.merchants):
            raise ValueError("sums of what was before the run need a history that knows the same cards and merchants")

    def build(self, at_us: int) -> BatchTable:
        """Return the table at ``at_us``: what was known then and nothing later."""
        *_, table = self.pieces(at_us)
        if table is None:
            raise AssertionError("the last piece is the table")
        return table

    def pieces(self, at_us: int) -> Iterator[BatchTable | None]:
        """Build the table in steps of a few milliseconds, so that other threads get the interpreter in between.

        History is read as it is at the call; steps may run in another thread.

        Returns:
            An iterator of None for each step and the table at last.
        """
        return self._pieces(self.history.view(), at_us)

    def _pieces(self, view: HistoryView, at_us: int) -> Iterator[BatchTable | None]:
        seen = np.zeros(view.card_count, dtype=np.bool_)  # of all known cards those with history are a part
        for piece in pieces({"card": view.transactions["card"]}):
            seen[piece["card"]] = True
            yield None
        codes, rows = np.flatnonzero(seen), np.cumsum(seen, dtype=np.int32) - 1
        totals = BatchSums.empty(view.merchant_count)
        for _ in fill(totals, view, at_us, self.label_delay_us):
            yield None
        if self._earlier is not None:
            yield from self._earlier.fill(totals, at_us)
        cards = self._cards(view.card_count, codes, at_us)
        own = len(cards[0]) - 1 - len(codes)
        for start in range(0, len(codes), _CARDS_AT_ONCE):
            some = codes[start : start + _CARDS_AT_ONCE]
            sums = no_cards(len(some))
            for _ in fill_cards(sums, view, at_us, rows, start):
                yield None
            for step in range(0, len(some), _ROWS_A_STEP):
                here = slice(step, step + _ROWS_A_STEP)
                if self._earlier is not None:
                    self._earlier.add_to_cards(sums[here], some[here], at_us)
                at = own + start + step
                there = slice(at, at + len(some[here]))
                cards[0][there], cards[1][there] = card_rows(sums[here], at_us)
                yield None
        merchants = merchant_rows(totals.merchants, totals.categories, totals.merchant_category, at_us)
        yield BatchTable(at_us, TableSide(view.cards, *cards), TableSide(view.merchants, *_with_absent(*merchants)))

    def _cards(self, count: int, codes: I64, at_us: int) -> tuple[F32, I64, I32]:
        """Return the cards' side: the rows of earlier sums, room for those of ``codes``, and the absent row."""
        width = len(CARD_COLUMNS)
        rows, computed_us = np.empty((0, width), dtype=np.float32), np.empty(0, dtype=np.int64)
        row_of = np.empty(count + 1, dtype=np.int32)
        known = 0
        if self._earlier is not None:
            rows, computed_us, earlier = self._earlier.rows(at_us)
            known = len(earlier)
            row_of[:known] = earlier
        absent = len(rows) + len(codes)
        row_of[known:] = absent
        row_of[codes] = np.arange(len(rows), absent)
        room = len(codes) + 1
        rows = np.concatenate((rows, np.full((room, width), np.nan, dtype=np.float32)))
        return rows, np.concatenate((computed_us, np.full(room, MISSING_AT, dtype=np.int64))), row_of


def _with_absent(rows: F32, computed_us: I64) -> tuple[F32, I64]:
    absent: NDArray[np.float32] = np.full((1, rows.shape[1]), np.nan, dtype=np.float32)
    return np.concatenate((rows, absent)), np.append(computed_us, MISSING_AT)
