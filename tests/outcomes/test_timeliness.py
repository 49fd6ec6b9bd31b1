"""Laws of being on time."""

import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.core.batches import Decision, Track
from sim.outcomes.outcome_book import DEADLINE_NS, OutcomeBook, Timeliness, timeliness
from tests.support.actors.batches import decided

rows = st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 100_000_000), st.booleans()), min_size=10, max_size=60).map(
    lambda each: (np.array([r[0] for r in each]), np.array([r[1] for r in each]), np.array([r[2] for r in each]))
)


@given(rows)
def test_shares_are_those_of_a_naive_count(given_rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """The tenth is made of the largest amounts; who is scored late is not counted as scored."""
    amount, latency_ns, scored = given_rows
    found = timeliness(amount, latency_ns, scored, None)
    least = sorted(amount.tolist(), reverse=True)[round(len(amount) / 10) - 1]
    top = [row for row in zip(amount, latency_ns, scored, strict=True) if row[0] >= least]
    assert found.on_time_ratio == np.mean(latency_ns <= DEADLINE_NS)
    assert found.top_on_time_ratio == np.mean([row[1] <= DEADLINE_NS for row in top])
    assert found.top_scored_ratio == np.mean([row[1] <= DEADLINE_NS and row[2] for row in top])


def test_of_too_few_there_is_no_tenth() -> None:
    """Nine decisions say nothing."""
    nine = np.ones(9)
    assert timeliness(nine, nine.astype(np.int64), nine > 0, None) == Timeliness()


def test_the_book_counts_those_who_arrived_in_the_span() -> None:
    """A decision exactly at its deadline is on time, whatever batch it was in; a later span has its own share."""
    book = OutcomeBook()
    book.book(np.arange(40, dtype=np.int64), np.zeros(40, dtype=np.uint8))
    batch = decided(list(range(40)), [Decision.APPROVE] * 40, [1.0] * 40, [0.5] * 40)
    track = batch.batch.track
    track[:, Track.ARRIVAL] = np.arange(40)
    track[:, Track.DECIDED] = track[:, Track.ARRIVAL] + np.where(np.arange(40) < 20, 7, 8)
    first, rest = batch.split(1)
    for part in (first, rest):
        asyncio.run(book.deliver(part))
    ratios = [book.timeliness(start, end, 7).on_time_ratio for start, end in ((0, 20), (20, None), (0, None))]
    assert ratios == [1.0, 0.0, 0.5]
