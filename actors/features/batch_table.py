"""The builder of batch tables: features of every card and merchant, computed from history."""

from collections.abc import Generator, Iterator
from typing import Protocol

import numpy as np

from actors.core.arrays import F32, F64, I32, I64, Column
from actors.features.batch_sums import BatchSums, card_rows, fill, fill_cards, merchant_rows, no_cards
from actors.features.column_log import pieces
from actors.features.encoding import Interner, KnownEntities
from actors.features.history import History, HistoryView
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS, MISSING_AT, BatchTable, TableSide

_ROWS_A_STEP = 8_192  # two or three milliseconds
_CARDS_AT_ONCE = 65_536  # in memory at a time: 5 MB of sums; history is read once for each such part


SharedRows = tuple[F32, I64, I32]
"""Rows of features, their ``computed_us``, and the row of each known entity: those with the same past share one."""


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

    def fill(self, categories: F64, at_us: int) -> Iterator[None]:
        """Compute what the table needs, and add the sums of categories, in steps of milliseconds.

        Called first for each table; may run in another thread.

        Args:
            categories: as in `BatchSums`; changed.
            at_us: the table's instant.
        """
        ...

    def card_rows(self, at_us: int) -> SharedRows:
        """Return the rows of the known cards, CARD_COLUMNS each, once `fill` is over."""
        ...

    def merchant_rows(self, categories: F64, at_us: int) -> SharedRows:
        """Return the rows of the known merchants, MERCHANT_COLUMNS each, once `fill` is over.

        Args:
            categories: sums of all there is, in the run as before it.
            at_us: the table's instant.
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

    def add_to_merchants(self, totals: BatchSums, codes: I64, at_us: int) -> None:
        """Add theirs to the sums of some merchants, not to those of categories, as `add_to_cards` does."""
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
        earlier = self._earlier
        codes, rows = yield from _seen(view.merchant_count, view.transactions["merchant"], view.labels["merchant"])
        totals = BatchSums.empty(len(codes))
        yield from fill(totals, view, at_us, self.label_delay_us, rows)
        if earlier is not None:
            yield from earlier.fill(totals.categories, at_us)
            earlier.add_to_merchants(totals, codes, at_us)
        shared = None if earlier is None else earlier.merchant_rows(totals.categories, at_us)
        merchants = _Side(view.merchant_count, codes, len(MERCHANT_COLUMNS), shared)
        merchants.put(0, merchant_rows(totals.merchants, totals.categories, totals.merchant_category, at_us))
        codes, rows = yield from _seen(view.card_count, view.transactions["card"])
        cards = _Side(view.card_count, codes, len(CARD_COLUMNS), None if earlier is None else earlier.card_rows(at_us))
        for start in range(0, len(codes), _CARDS_AT_ONCE):
            some = codes[start : start + _CARDS_AT_ONCE]
            sums = no_cards(len(some))
            yield from fill_cards(sums, view, at_us, rows, start)
            for step in range(0, len(some), _ROWS_A_STEP):
                here = slice(step, step + _ROWS_A_STEP)
                if earlier is not None:
                    earlier.add_to_cards(sums[here], some[here], at_us)
                cards.put(start + step, card_rows(sums[here], at_us))
                yield None
        yield BatchTable(at_us, cards.finish(view.cards), merchants.finish(view.merchants))


def _seen(count: int, *logs: Column) -> Generator[None, None, tuple[I64, I32]]:
    """Find which of ``count`` codes are in ``logs``, in steps: of all known entities those with history are a part.

    Returns:
        These codes, ascending, int64 (n,), and the place of each among them by its code, int32 (count,).
    """
    seen = np.zeros(count, dtype=np.bool_)
    for log in logs:
        for piece in pieces({"code": log}):
            seen[piece["code"]] = True
            yield None
    return np.flatnonzero(seen), np.cumsum(seen, dtype=np.int32) - 1


class _Side:
    """The rows of one kind of entity while they are made: shared ones, those with history in the run, the absent one.

    Args:
        count: of all codes.
        codes: of entities that have a row of their own.
        width: of a row.
        shared: rows of the known entities, which have the first codes; None if none are known.
    """

    def __init__(self, count: int, codes: I64, width: int, shared: SharedRows | None) -> None:
        rows, computed_us = np.empty((0, width), dtype=np.float32), np.empty(0, dtype=np.int64)
        self._row_of = np.empty(count + 1, dtype=np.int32)
        known = 0
        if shared is not None:
            rows, computed_us, row_of = shared
            known = len(row_of)
            self._row_of[:known] = row_of
        self._first, room = len(rows), len(codes) + 1
        absent = self._first + len(codes)
        self._row_of[known:] = absent
        self._row_of[codes] = np.arange(self._first, absent)
        self._rows = np.concatenate((rows, np.full((room, width), np.nan, dtype=np.float32)))
        self._computed_us = np.concatenate((computed_us, np.full(room, MISSING_AT, dtype=np.int64)))

    def put(self, at: int, made: tuple[F32, I64]) -> None:
        """Write rows and their ``computed_us`` of those of ``codes`` from place ``at`` on."""
        there = slice(self._first + at, self._first + at + len(made[0]))
        self._rows[there], self._computed_us[there] = made

    def finish(self, names: Interner) -> TableSide:
        """Return the side, all of whose rows are written."""
        return TableSide(names, self._rows, self._computed_us, self._row_of)
