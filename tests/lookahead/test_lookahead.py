"""What was computed ahead is what would have been computed then, whatever comes between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from actors.core.arrays import F32
from actors.core.transaction import Columns
from sim.lookahead import pages, wrapped_ports
from tests.support.actors.transactions import random_stream, streams
from tests.support.sim.lookahead import Flow, Turn, raws_of, table_of

TURNS = st.lists(
    st.builds(
        Turn,
        count=st.one_of(st.just(1), st.integers(1, 30)),
        twice=st.booleans(),
        dropped=st.sampled_from([0, 0, 0, 1, 2, 3]),
        failed=st.sampled_from([False, False, False, True]),
        altered=st.sampled_from([False, False, True]),
        published=st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=12,
)


def both_ways(columns: Columns, turns: list[Turn], broken: set[int]) -> list[F32]:
    """Run both flows, hold them against each other, and return what was computed ahead."""
    raws = [b"{" if at in broken else raw for at, raw in enumerate(raws_of(columns))]
    first, other = table_of(columns, 0.0), table_of(columns, 1_000.0)
    ahead: list[F32] = []
    plain, foreseen = Flow.plain(first), Flow.foreseen(first, raws, ahead)
    at = sequence = 0
    while at < len(raws):
        turn = turns[sequence % len(turns)]
        for flow in (plain, foreseen):
            flow.take(at, raws[at : at + turn.count], turn, other)
        at, sequence = at + turn.count, sequence + 1
    assert len(plain.computed) == len(foreseen.computed)
    for (features, mode), (as_foreseen, mode_foreseen) in zip(plain.computed, foreseen.computed, strict=True):
        assert features.tobytes() == as_foreseen.tobytes()
        assert_array_equal(mode, mode_foreseen)
    return ahead


@pytest.fixture(autouse=True, scope="module")
def _small_pages() -> object:
    """Turn pages often."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (pages, wrapped_ports):
            patch.setattr(module, "PAGE", 64)
        patch.setattr(wrapped_ports, "REST", 5)
        yield


@given(streams(120), TURNS, st.sets(st.integers(0, 119), max_size=3))
def test_lookahead_changes_no_bit(columns: Columns, turns: list[Turn], broken: set[int]) -> None:
    """Duplicates, dead letters, crashes, failed and altered look-ups and a new batch table are met as without it."""
    both_ways(columns, turns, broken)


def test_single_transactions_are_foreseen_in_pages() -> None:
    """While nothing comes between, each transaction is computed once, in a page, from its first to its last."""
    ahead = both_ways(random_stream(240, seed=3), [Turn(1)], set())
    assert [len(features) for features in ahead] == [64, 64, 64, 48]


def test_new_batch_table_is_looked_up_in_for_the_rest_of_a_page() -> None:
    """What was not asked for yet is computed again, once, with the rows of the new table."""
    turns = [Turn(1)] * 39 + [Turn(1, published=True)] + [Turn(1)] * 200
    ahead = both_ways(random_stream(240, seed=3), turns, set())
    assert [len(features) for features in ahead] == [64, 64 - 39, 64, 64, 48]


def test_batch_behind_the_end_of_a_page_begins_the_next_one_later() -> None:
    """What it took from there is no part of the next page, which is foreseen from its first to its last."""
    ahead = both_ways(random_stream(240, seed=3), [Turn(3)], set())
    assert [len(features) for features in ahead] == [64, 62, 63, 48]


def test_what_comes_between_shortens_what_is_foreseen() -> None:
    """Where every fourth transaction is a duplicate, parts are short and rare; later they grow again."""
    turns = [Turn(1), Turn(1), Turn(1), Turn(1, dropped=1)] * 32 + [Turn(1)] * 512
    lengths = [len(features) for features in both_ways(random_stream(640, seed=4), turns, set())]
    assert lengths[:2] == [64, 32]
    assert len(lengths) < 32
    assert lengths[-3:] == [64, 64, 64]


def test_large_batches_are_not_foreseen() -> None:
    """A batch that is computed on arrays anyway is left for when it comes."""
    assert both_ways(random_stream(240, seed=5), [Turn(20)], set()) == []
