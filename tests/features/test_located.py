"""Laws of locating a batch: one look-up for all who ask, and never a row that went to somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from actors.features.ring import NOBODY
from actors.features.rings import Rings, StreamLimits
from actors.features.windows import InMemoryStreamState
from actors.transaction import Columns
from tests.features.streams import batches, random_stream, streams

FEW = StreamLimits(cards=64, merchants=64, devices=64)


def by_name(rings: Rings, columns: Columns) -> tuple[list[int], list[int], list[int]]:
    """Return the rows of cards, merchants and devices, one look-up a name."""
    return (
        [rings.cards.rows[name] for name in columns.cards],
        [rings.merchants.rows[name] for name in columns.merchants],
        [NOBODY if name is None else rings.devices.rows[name] for name in columns.device],
    )


@given(st.lists(streams(30), min_size=1, max_size=4))
def test_one_look_up_gives_what_separate_ones_give(parts: list[Columns]) -> None:
    """Rows are what looking up each name finds, and no one's where there is no device."""
    rings = Rings(StreamLimits())
    for columns in parts:
        located = rings.locate(columns)
        assert (located.cards.tolist(), located.merchants.tolist(), located.devices.tolist()) == by_name(rings, columns)


@pytest.mark.parametrize("limits", [FEW, StreamLimits()])
def test_locating_ahead_changes_no_feature(limits: StreamLimits) -> None:
    """Whoever wants a batch's rows before it is counted gets them, and the batch its features, forgotten cards too."""
    stream = random_stream(2_000, 1, cards=21, merchants=15, devices=20)
    plain, ahead = InMemoryStreamState(limits), InMemoryStreamState(limits)
    for state in (plain, ahead):
        state.advance(0, stream)
    strangers = random_stream(51 * 39, 2, cards=500, merchants=300, devices=300)
    for number, part in enumerate(batches(strangers, 30, 1, 20), start=1):
        ahead.rings.locate(part)
        assert_array_equal(ahead.advance(number, part), plain.advance(number, part))
    assert set(ahead.rings.cards.rows) == set(plain.rings.cards.rows)


@pytest.mark.parametrize("size", [1, 20])
def test_rows_do_not_outlive_their_entities(size: int) -> None:
    """A batch located again after others were is looked up again: its rows may be theirs by now."""
    rings = Rings(FEW)
    first, others = random_stream(20, 1, cards=20), random_stream(400, 2, cards=10_000)
    rings.locate(first)
    for part in batches(others, size):
        rings.locate(part)
    located = rings.locate(first)
    assert located.cards.tolist() == by_name(rings, first)[0]
    assert len({*located.cards.tolist()}) == len({*first.cards})


def test_the_same_batch_is_looked_up_once() -> None:
    """Rows are given again as they are while nobody else was located."""
    rings = Rings(StreamLimits())
    columns = random_stream(50, 1)
    located = rings.locate(columns)
    assert rings.locate(columns) is located
    rings.locate(random_stream(50, 2))
    assert rings.locate(columns) is not located
