"""Laws of sums over history."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from actors.core.arrays import F64
from actors.core.transaction import Columns
from actors.features import column_log
from actors.features.batch_sums import BatchSums, fill, fill_cards, no_cards
from actors.features.history import History, Labels
from tests.support.actors.transactions import DAY_US, START_US, random_stream, streams

DELAY_US = DAY_US // 2


def tally_of(history: History, at_us: int) -> BatchSums:
    view = history.view()
    tally = BatchSums.empty(view.merchant_count)
    for _ in fill(tally, view, at_us, DELAY_US):
        pass
    return tally


def cards_of(history: History, at_us: int, cards_at_once: int) -> F64:
    """Return the sums of all cards, added up for so many at a time."""
    view, parts = history.view(), []
    for first in range(0, view.card_count, cards_at_once):
        parts.append(no_cards(min(cards_at_once, view.card_count - first)))
        for _ in fill_cards(parts[-1], view, at_us, None, first):
            pass
    return np.concatenate(parts)


@given(streams(40), st.integers(1, 9), st.integers(0, 40 * DAY_US), st.integers(0, 3 * DAY_US))
def test_sums_do_not_depend_on_how_history_is_cut(columns: Columns, piece: int, after_us: int, known_us: int) -> None:
    """However few rows and cards are taken at once, each sum is the same to the bit, and the latest category too."""
    history = History()
    history.append(columns)
    fraud = (columns.event_us % 5 == 0).astype("uint8")
    labels = Labels(columns.event_us, columns.merchants, columns.category, columns.event_us, fraud)
    history.append_labels(labels, columns.event_us + known_us)
    whole = tally_of(history, START_US + after_us)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(column_log, "_PIECE", piece)
        pieces, cards = tally_of(history, START_US + after_us), cards_of(history, START_US + after_us, cards_at_once=2)
    for name in BatchSums.__slots__:
        assert_array_equal(getattr(pieces, name), getattr(whole, name))
    assert_array_equal(cards, cards_of(history, START_US + after_us, cards_at_once=100))


def peak_bytes(history: History, at_us: int) -> int:
    """Return the most that the sums of all cards and merchants take while they are added up."""
    tracemalloc.start()
    cards_of(history, at_us, cards_at_once=1_000)
    tally_of(history, at_us)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_long_history_takes_no_more_memory_than_a_short_one() -> None:
    """Sums are added up in pieces, so that a month of history costs what its last hour does."""
    hour = random_stream(8_192, 1)
    short, long = History(), History()
    for history, times in ((short, 4), (long, 16)):
        for _ in range(times):
            history.append(hour)
            labels = Labels(hour.event_us, hour.merchants, hour.category, hour.event_us, np.zeros(len(hour), np.uint8))
            history.append_labels(labels, hour.event_us)
    at_us = int(hour.event_us[-1]) + 1
    cards_of(short, at_us, cards_at_once=1_000)  # what is made once
    assert peak_bytes(long, at_us) < 1.1 * peak_bytes(short, at_us)
