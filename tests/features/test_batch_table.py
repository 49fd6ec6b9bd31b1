"""The batch tier: what the plain definition says, as of an instant and nothing later."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from actors.core.transaction import Columns, cut
from actors.features.batch_table import BatchTableBuilder
from actors.features.history import History, Labels
from actors.features.store import MISSING_AT, BatchTable, InMemoryFeatureStore, TableSide
from tests.support.actors.plain_history import NaiveHistory
from tests.support.actors.transactions import DAY_US, START_US, batches, random_stream, streams

DELAY_US = DAY_US // 2


def labels_of(columns: Columns) -> Labels:
    fraud = (columns.event_us % 5 == 0).astype(np.uint8)
    return Labels(np.arange(len(columns)), columns.merchants, columns.category, columns.event_us, fraud)


def history_of(*parts: Columns, delay_us: int = DELAY_US) -> History:
    history = History()
    for part in parts:
        history.append(part)
        history.append_labels(labels_of(part), part.event_us + delay_us)
    return history


def named(side: TableSide) -> dict[str, list[float]]:
    return {name: side.rows[row].tolist() for name, row in side.present().items()}


def assert_same(one: BatchTable, other: BatchTable) -> None:
    for mine, theirs in ((one.cards, other.cards), (one.merchants, other.merchants)):
        places, others = mine.present(), theirs.present()
        assert places.keys() == others.keys()
        assert_array_equal(mine.rows[list(places.values())], theirs.rows[[others[name] for name in places]])


@given(streams(40), st.integers(0, 40 * DAY_US), st.integers(0, 3 * DAY_US))
def test_tables_say_what_the_definition_says(columns: Columns, after_us: int, known_after_us: int) -> None:
    """Counts, means and risks are those found by looking through everything, whatever the order of arrival."""
    at_us = START_US + after_us
    history, naive = History(), NaiveHistory()
    history.append(columns)
    naive.append(columns)
    labels = labels_of(columns)
    history.append_labels(labels, columns.event_us + known_after_us)
    told = zip(columns.event_us.tolist(), labels.merchants, labels.categories, labels.fraud.tolist(), strict=True)
    naive.labels = [(when, when + known_after_us, *rest) for when, *rest in told]
    table = BatchTableBuilder(history, DELAY_US).build(at_us)
    cards, merchants = named(table.cards), named(table.merchants)
    for name in set(columns.cards):
        expected = naive.card(name, at_us)
        assert (name in cards) == (expected is not None)
        if expected is not None:
            assert_allclose(cards[name][:6], expected, rtol=1e-6)
    for name in set(columns.merchants):
        expected = naive.merchant(name, at_us, DELAY_US)
        assert (name in merchants) == (expected is not None)
        if expected is not None:
            assert_allclose(merchants[name], expected, rtol=1e-6)


def test_the_future_never_changes_a_table() -> None:
    """A table of an instant is the same whether history ends there or goes on."""
    columns = random_stream(3_000, 1, days=40)
    at_us = START_US + 33 * DAY_US
    past = int(np.searchsorted(columns.event_us, at_us, side="right"))
    truncated = BatchTableBuilder(history_of(cut(columns, slice(0, past))), DELAY_US).build(at_us)
    assert_same(BatchTableBuilder(history_of(columns), DELAY_US).build(at_us), truncated)


def test_a_label_counts_from_when_it_is_known() -> None:
    """A label that comes later than the label delay says enters no table before it came."""
    columns = random_stream(400, 2, days=3)
    at_us = START_US + 4 * DAY_US
    punctual = BatchTableBuilder(history_of(columns), DELAY_US).build(at_us)
    late = BatchTableBuilder(history_of(columns, delay_us=5 * DAY_US), DELAY_US).build(at_us)
    assert np.isfinite(punctual.merchants.rows[:-1, 4]).all()
    assert np.isnan(late.merchants.rows[:-1, 3:]).all()


@pytest.mark.parametrize("how", ["halves", "pieces"])
def test_the_order_and_cutting_of_history_change_nothing(how: str) -> None:
    """Sums are exact, so a table does not depend on how history arrived."""
    columns = random_stream(2_000, 3, days=35)
    at_us = START_US + 35 * DAY_US
    halves = [cut(columns, slice(0, None, 2)), cut(columns, slice(1, None, 2))]
    parts = halves if how == "halves" else batches(columns, 1, 70, 1, 1, 3)
    one, other = (BatchTableBuilder(history_of(*each), DELAY_US).build(at_us) for each in ([columns], parts))
    assert_same(one, other)


def test_pruning_what_no_window_reaches_changes_nothing() -> None:
    """History pruned to 30 days and the label delay gives the same table, from fewer transactions."""
    columns = random_stream(3_000, 4, days=60)
    at_us = START_US + 60 * DAY_US
    history = history_of(columns)
    whole = BatchTableBuilder(history, DELAY_US).build(at_us)
    history.prune(at_us - 30 * DAY_US - DELAY_US)
    assert len(history) < 1_700
    assert_same(BatchTableBuilder(history, DELAY_US).build(at_us), whole)


def test_names_that_history_forgot_take_no_room() -> None:
    """With new cards and merchants every day, names stay bounded, and tables stay right."""
    history, days = History(), []
    for day in range(60):
        columns = random_stream(500, day, cards=10_000, merchants=10_000, days=1)
        columns.event_us[:] += day * DAY_US
        columns.cards[:] = [f"{name}-{day}" for name in columns.cards]
        columns.merchants[:] = [f"{name}-{day}" for name in columns.merchants]
        days.append(columns)
        history.append(columns)
        history.append_labels(labels_of(columns), columns.event_us + DELAY_US)
        history.prune(START_US + (day - 30) * DAY_US)
    assert max(len(history.cards), len(history.merchants)) < 60 * 500
    at_us = START_US + 60 * DAY_US
    fresh = history_of(*days[29:])
    assert_same(*(BatchTableBuilder(each, DELAY_US).build(at_us) for each in (history, fresh)))


def test_a_home_is_found_across_the_date_line() -> None:
    """The centre of places on both sides of 180 degrees is there and not in Greenwich."""
    columns = random_stream(2, 5, cards=1)
    columns.lat[:], columns.lon[:] = 10, (179, -179)
    row = BatchTableBuilder(history_of(columns), DELAY_US).build(START_US + 3 * DAY_US).cards.rows[0]
    assert_allclose([row[6], abs(row[7])], [10, 180], atol=0.01)


def test_a_table_is_whole_while_history_goes_on() -> None:
    """What is appended between two steps of a build does not show in it."""
    columns = random_stream(2_000, 6, days=20)
    history = history_of(cut(columns, slice(0, 1_000)))
    builder = BatchTableBuilder(history, DELAY_US)
    at_us = START_US + 20 * DAY_US
    expected = builder.build(at_us)
    pieces = builder.pieces(at_us)
    table = next(pieces)
    while table is None:
        history.append(cut(columns, slice(1_000, 2_000)))
        history.prune(START_US + 15 * DAY_US)
        table = next(pieces)
    assert_same(table, expected)


def test_history_survives_a_file(tmp_path: Path) -> None:
    """A loaded history gives the same tables, and goes on with the same codes."""
    columns = random_stream(1_000, 7, days=20)
    history = history_of(columns)
    history.save(tmp_path / "history.npz")
    loaded = History.load(tmp_path / "history.npz")
    more = random_stream(200, 8, days=21, cards=80)
    for each in (history, loaded):
        each.append(more)
    assert loaded.cards.names == history.cards.names
    at_us = START_US + 20 * DAY_US
    assert_same(*(BatchTableBuilder(each, DELAY_US).build(at_us) for each in (history, loaded)))


def test_history_counts_a_batch_once() -> None:
    """The same sequence again adds nothing."""
    columns = random_stream(100, 9)
    history = History()
    for sequence in (1, 1, 2, 2):
        history.append(columns, sequence)
    assert len(history) == 200


def test_what_the_store_serves_is_the_table() -> None:
    """A look-up returns the rows of the table with its instant, NaN for a card not in it."""
    columns = random_stream(100, 13)
    at_us = START_US + 3 * DAY_US
    table = BatchTableBuilder(history_of(columns), DELAY_US).build(at_us)
    rows = InMemoryFeatureStore(table).rows([columns.cards[0], "c0-999"], columns.merchants[:2])
    assert rows.card_computed_us.tolist() == [at_us, MISSING_AT]
    assert rows.card[0, 2] == columns.cards.count(columns.cards[0])
