"""Laws of load shedding."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.resilience.shedding import ServiceEstimate, least_valuable, overdue


@given(st.lists(st.floats(0, 1e6), max_size=40), st.integers(-3, 50))
def test_the_least_amount_at_risk_is_shed_first(amounts: list[float], count: int) -> None:
    """As many as asked for, and none worth more than one that stays."""
    amount = np.array(amounts)
    mask = least_valuable(amount, count)
    assert mask.sum() == min(max(count, 0), len(amounts))
    if mask.any() and not mask.all():
        assert amount[mask].max() <= amount[~mask].min()


def test_overdue_is_what_the_model_would_miss() -> None:
    """A deadline exactly met is met."""
    arrival = np.array([0, 49, 50, 51])
    assert overdue(arrival, done_ns=100, deadline_ns=50).tolist() == [True, True, False, False]


def test_the_estimate_follows_a_slowdown() -> None:
    """Ten slow batches bring the estimate most of the way; an empty batch says nothing."""
    estimate = ServiceEstimate(row_ns=1_000)
    estimate.learn(0, 10**9)
    assert estimate.of(10) == 10_000
    for _ in range(10):
        estimate.learn(100, 1_000_000)
    assert 6_000 < estimate.row_ns < 10_000
