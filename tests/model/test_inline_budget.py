"""The loop is never held for long by scoring, whatever the model costs and becomes."""

from hypothesis import given
from hypothesis import strategies as st

from actors.core.clock import NS_PER_MS
from actors.core.work import Core
from actors.model.scoring import InlineBudget

HOLD_NS = 2 * NS_PER_MS
MOST = 1_024


def settled(row_ns: int, *, share: InlineBudget | None = None) -> InlineBudget:
    """Return a share that has met a model which takes ``row_ns`` for a row, in batches of what it allows."""
    share = share or InlineBudget(HOLD_NS, MOST)
    for _ in range(40):
        rows = max(1, share.rows)
        if share.rows:
            share.learn(rows, rows * row_ns, Core.LOOP)
        else:
            share.learn(rows, rows * row_ns + 100_000, Core.EXECUTOR)
    return share


@given(row_ns=st.integers(2_000, 1_900_000))
def test_what_is_scored_on_the_loop_holds_it_no_longer_than_allowed(row_ns: int) -> None:
    """Once the cost of a row is known, and not much shorter either."""
    rows = settled(row_ns).rows
    assert HOLD_NS - 2 * row_ns < rows * row_ns * 1.01
    assert rows * row_ns < 1.01 * HOLD_NS


def test_a_model_that_becomes_slow_leaves_the_loop_after_two_batches() -> None:
    """Forty times as slow, it would hold the loop for 80 ms a batch."""
    share = settled(10_000)
    for _ in range(2):
        share.learn(share.rows, share.rows * 400_000, Core.LOOP)
    assert share.rows < 16


def test_one_row_that_takes_too_long_goes_to_the_executor_and_comes_back() -> None:
    """A model too slow for even one row on the loop is scored on it again when it is quick again."""
    share = settled(5 * NS_PER_MS)
    assert share.rows == 0
    share.learn(1, 300_000, Core.EXECUTOR)
    assert share.rows > 0
    assert settled(10_000, share=share).rows == settled(10_000).rows


@given(rows=st.integers(2, MOST), took_ns=st.integers(1, 10**10), core=st.sampled_from(Core))
def test_it_never_allows_more_than_a_batch(rows: int, took_ns: int, core: Core) -> None:
    """Whatever was measured."""
    share = InlineBudget(HOLD_NS, MOST)
    share.learn(rows, took_ns, core)
    assert 0 <= share.rows <= MOST


def test_without_time_on_the_loop_nothing_is_scored_there() -> None:
    """As little as one row."""
    share = InlineBudget(0, MOST)
    share.learn(1, 1, Core.EXECUTOR)
    assert share.rows == 0


def test_a_single_quick_row_says_nothing_of_many() -> None:
    """What a batch costs by itself would pass for the cost of each row, and send batches away that are cheap."""
    share = settled(10_000)
    before = share.rows
    share.learn(1, 500_000, Core.LOOP)
    assert share.rows == before
