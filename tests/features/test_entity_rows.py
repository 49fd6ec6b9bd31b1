"""Laws of locating a batch: every name has its row, and never one that went to somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.transaction import Columns
from actors.features.entity_windows import NOBODY, EntityWindows, StreamLimits
from tests.support.actors.transactions import batches, random_stream, streams

FEW = StreamLimits(cards=64, merchants=64, devices=64)


def by_name(rings: EntityWindows, columns: Columns) -> tuple[list[int], list[int], list[int]]:
    """Return the rows of cards, merchants and devices, one look-up a name."""
    return (
        [rings.cards.rows[name] for name in columns.cards],
        [rings.merchants.rows[name] for name in columns.merchants],
        [NOBODY if name is None else rings.devices.rows[name] for name in columns.device],
    )


@given(st.lists(streams(30), min_size=1, max_size=4))
def test_one_look_up_gives_what_separate_ones_give(parts: list[Columns]) -> None:
    """Rows are what looking up each name finds, and no one's where there is no device."""
    rings = EntityWindows(StreamLimits())
    for columns in parts:
        cards, merchants, devices = rings.locate(columns)
        assert (cards.tolist(), merchants.tolist(), devices.tolist()) == by_name(rings, columns)


@pytest.mark.parametrize("size", [1, 20])
def test_rows_do_not_outlive_their_entities(size: int) -> None:
    """A batch that was forgotten has rows of its own again, whoever has those it had."""
    rings = EntityWindows(FEW)
    first, others = random_stream(20, 1, cards=20), random_stream(400, 2, cards=10_000)
    rings.locate(first)
    for part in batches(others, size):
        rings.locate(part)
    cards, _, _ = rings.locate(first)
    assert cards.tolist() == by_name(rings, first)[0]
    assert len({*cards.tolist()}) == len({*first.cards})
