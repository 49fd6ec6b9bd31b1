"""Laws of the copies' batch tier: each copy has the past of the training world, and adds what it does itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from actors.core.transaction import Columns
from actors.features.batch_table import BatchTableBuilder
from actors.features.history import History
from actors.features.store import BatchTable
from sim.world_copies.history import CopiedSums
from sim.world_copies.names import copies
from tests.features.test_batch_table import DELAY_US, assert_same, history_of, labels_of, named
from tests.support.actors.transactions import DAY_US, START_US, random_stream, streams

REFRESH_US = DAY_US // 4
BASE = random_stream(4_000, 10, days=45)
END_US = START_US + 45 * DAY_US


def builder_of(base: Columns, count: int, shift_us: int = 0) -> BatchTableBuilder:
    past = CopiedSums(history_of(base), copies(count, shift_us), DELAY_US)
    return BatchTableBuilder(History(cards=past.cards, merchants=past.merchants), DELAY_US, past)


def table_of(at_us: int, own: Columns | None = None, shift_us: int = 0) -> BatchTable:
    builder = builder_of(BASE, 3, shift_us)
    if own is not None:
        builder.history.append(own)
        builder.history.append_labels(labels_of(own), own.event_us + DELAY_US)
    return builder.build(at_us)


@given(streams(40), st.integers(1, 4), st.integers(0, 3 * DAY_US))
def test_tables_do_not_depend_on_how_many_cards_are_added_up_at_once(
    columns: Columns, at_once: int, after_us: int
) -> None:
    """However few sums lie in memory together, every row of every copy is the same to the bit."""
    at_us, builder = START_US + after_us, builder_of(columns, 3, REFRESH_US)
    builder.history.append(columns)
    whole = builder.build(at_us)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("actors.features.batch_table._CARDS_AT_ONCE", at_once)
        patched.setattr("actors.features.batch_table._ROWS_A_STEP", 2)
        assert_same(builder.build(at_us), whole)


def test_every_copy_starts_with_the_past_of_the_training_world() -> None:
    """Before a run did anything, a copy's rows are those of the training world, and its own by name."""
    plain = BatchTableBuilder(history_of(BASE), DELAY_US).build(END_US)
    copied_table = table_of(END_US)
    for side, copied in ((plain.cards, copied_table.cards), (plain.merchants, copied_table.merchants)):
        rows = named(copied)
        assert len(rows) == 3 * len(side.present())
        for name, row in named(side).items():
            for copy in copies(3):
                assert_array_equal(rows[copy.rename([name])[0]], row)


def test_copies_with_the_same_past_share_its_rows() -> None:
    """A table grows with the distinct pasts and with the entities that a run has seen, and hardly with the copies."""
    own = random_stream(50, 12, days=2, cards=60)
    tables = []
    for count in (3, 30):
        builder = builder_of(BASE, count)
        builder.history.append(own)
        builder.history.append_labels(labels_of(own), own.event_us + DELAY_US)
        tables.append(builder.build(END_US))
    few, many = tables
    base = history_of(BASE)
    assert len(many.cards.rows) == len(few.cards.rows) <= len(base.cards) + len(set(own.cards)) + 1
    assert len(many.merchants.rows) == len(few.merchants.rows) <= len(base.merchants) + len(set(own.merchants)) + 1
    assert len(many.cards.present()) > 9 * len(few.cards.present())
    assert len(many.merchants.present()) > 9 * len(few.merchants.present())


def test_a_copy_that_starts_later_has_its_past_shifted() -> None:
    """A copy activated two days on has, two days on, the rows that the training world had at the start."""
    shift_us = 2 * DAY_US
    start, later = table_of(END_US), table_of(END_US + shift_us, shift_us=shift_us)
    cards, merchants = named(later.cards), named(later.merchants)
    for name, row in named(start.cards).items():
        if not name.startswith("c0"):
            assert_array_equal(cards[name], row)
    for name, row in named(start.merchants).items():
        if not name.startswith("m0"):
            assert_array_equal(merchants[name][:6], row[:6])


def test_the_past_and_the_run_add_up() -> None:
    """A card's row counts its copy's past and its own transactions; cards of no copy get rows too."""
    own = random_stream(300, 11, days=2, cards=60)
    own.event_us[:] += 45 * DAY_US
    at_us = END_US + 2 * DAY_US
    together = BatchTableBuilder(history_of(BASE, own), DELAY_US).build(at_us)
    table = table_of(at_us, own)
    rows = named(table.cards)
    for name, row in named(together.cards).items():
        assert_array_equal(rows[name], row)
    merchants = named(table.merchants)
    for name, row in named(together.merchants).items():
        assert_array_equal(merchants[name][:6], row[:6])


def test_a_history_that_knows_nobody_is_refused() -> None:
    """Sums of known entities would be added to those of others."""
    past = CopiedSums(history_of(BASE), copies(2), DELAY_US)
    with pytest.raises(ValueError, match="knows the same cards and merchants"):
        BatchTableBuilder(History(), DELAY_US, past)


def test_names_of_no_copy_are_refused() -> None:
    """A past whose names do not say their copy cannot be copied."""
    columns = random_stream(10, 12)
    columns.cards[0] = "4711"
    with pytest.raises(ValueError, match="only a synthetic world"):
        CopiedSums(history_of(columns), copies(2), DELAY_US)
