"""The builder of batch tables: features of every card and merchant, computed from history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.arrays import F32, F64, I64
from actors.features.history import History, HistoryView
from actors.features.log import pieces
from actors.features.store import CARD_COLUMNS, MISSING_AT, BatchTable, TableSide
from actors.features.table_rows import card_rows, merchant_rows
from actors.features.tally import Tally, fill, fill_cards, no_cards
from actors.features.town_past import TownPast
from actors.features.towns import Town, TownNames

_ROWS_A_STEP = 8_192  # two or three milliseconds
_CARDS_AT_ONCE = 65_536  # whose sums lie in memory: 5 MB, and for each such part history is read once more


@dataclass(frozen=True, slots=True)
class Copies:
    """Towns and their past.

    Attributes:
        base: history of town 0 up to the run's start; not appended to any more.
        towns: the other towns.
    """

    base: History
    towns: tuple[Town, ...] = ()


class BatchTableBuilder:
    """Computes tables from history; the same history and instant give the same table.

    Args:
        history: what is appended to while running. With ``copies`` it must be empty now; it gets all towns' names.
        label_delay_us: how long labels take; the windows of risks end that much before the table's instant.
        copies: the past of a run's towns; None if ``history`` holds the past itself.

    Raises:
        ValueError: with ``copies``, the history is not empty, or a name in the past is not of town 0.
    """

    def __init__(self, history: History, label_delay_us: int, copies: Copies | None = None) -> None:
        self.history = history
        self.label_delay_us = label_delay_us
        self._past = None if copies is None else TownPast(copies.base, copies.towns, label_delay_us)
        if self._past is not None:
            self._past.give_names(history)

    @property
    def town_names(self) -> Mapping[str, TownNames]:
        """The names of all towns, by kind of entity; none without copies."""
        return {} if self._past is None else self._past.names

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
        seen = np.zeros(view.card_count, dtype=np.bool_)  # of all cards of forty towns those with history are a part
        for piece in pieces({"card": view.transactions["card"]}):
            seen[piece["card"]] = True
            yield None
        codes, rows = np.flatnonzero(seen), np.cumsum(seen, dtype=np.int32) - 1
        tally = Tally.empty(view.merchant_count)
        for _ in fill(tally, view, at_us, self.label_delay_us):
            yield None
        cards = _absent(view.card_count + 1, len(CARD_COLUMNS))
        if self._past is not None:
            for _ in self._past.fill(cards, tally, at_us):
                yield None
        for start in range(0, len(codes), _CARDS_AT_ONCE):
            some = codes[start : start + _CARDS_AT_ONCE]
            sums = no_cards(len(some))
            for _ in fill_cards(sums, view, at_us, rows, start):
                yield None
            for _ in self._set_cards(cards, some, sums, at_us):
                yield None
        merchants = merchant_rows(tally.merchants, tally.categories, tally.merchant_category, at_us)
        yield BatchTable(at_us, TableSide(view.cards, *cards), TableSide(view.merchants, *_with_absent(*merchants)))

    def _set_cards(self, cards: tuple[F32, I64], codes: I64, sums: F64, at_us: int) -> Iterator[None]:
        """Set the cards of ``codes``, ascending, to what their own sums and their past come to."""
        for start in range(0, len(codes), _ROWS_A_STEP):
            step = slice(start, start + _ROWS_A_STEP)
            at, own = codes[step], sums[step]
            if self._past is not None:
                self._past.add_to_cards(own, at, at_us)
            cards[0][at], cards[1][at] = card_rows(own, at_us)
            yield


def _absent(count: int, width: int) -> tuple[F32, I64]:
    return np.full((count, width), np.nan, dtype=np.float32), np.full(count, MISSING_AT, dtype=np.int64)


def _with_absent(rows: F32, computed_us: I64) -> tuple[F32, I64]:
    nobody: NDArray[np.float32] = np.full((1, rows.shape[1]), np.nan, dtype=np.float32)
    return np.concatenate((rows, nobody)), np.append(computed_us, MISSING_AT)
