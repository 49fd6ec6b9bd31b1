"""Laws of load shedding."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.core.clock import NS_PER_S
from actors.resilience.shedding import RESERVE, ServiceEstimate, least_valuable, too_late


@given(st.lists(st.floats(0, 1e6), max_size=40), st.integers(-3, 50))
def test_the_least_amount_at_risk_is_shed_first(amounts: list[float], count: int) -> None:
    """As many as asked for, and none worth more than one that stays."""
    amount = np.array(amounts)
    mask = least_valuable(amount, count)
    assert mask.sum() == min(max(count, 0), len(amounts))
    if mask.any() and not mask.all():
        assert amount[mask].max() <= amount[~mask].min()


def test_what_the_model_would_miss_is_too_late() -> None:
    """A deadline exactly met is met, with the reserve that is planned with."""
    slack, amount = np.array([-1, 2_999, 3_000, 3_001]), np.ones(4)
    late = too_late(slack, amount, deadline_ns=50_000, estimate=ServiceEstimate(row_ns=1_000))
    assert late.tolist() == [True, True, False, False]


@given(
    st.lists(st.tuples(st.integers(-20_000, 50_000), st.floats(0, 1e6)), min_size=1, max_size=120),
    st.integers(100, 100_000),
)
def test_whoever_is_scored_is_answered_in_time(rows: list[tuple[int, float]], row_ns: int) -> None:
    """They take no more than a quarter of the deadline, or are just one, and none is left out for one worth less."""
    slack, amount = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    late = too_late(slack, amount, deadline_ns=50_000, estimate=ServiceEstimate(row_ns))
    took_ns = row_ns * np.count_nonzero(~late)
    assert took_ns <= max(row_ns, 12_500)
    if not late.all():
        assert slack[~late].min() >= took_ns
        patient = late & (slack >= RESERVE * 12_500)  # had the time for any batch that must be cut
        assert not patient.any() or amount[patient].max() <= amount[~late].min()


def test_the_estimate_follows_a_slowdown() -> None:
    """Ten slow batches bring the estimate most of the way; an empty batch says nothing."""
    estimate = ServiceEstimate(row_ns=1_000)
    estimate.learn(0, 10**9)
    assert estimate.of(10) == 10_000
    for _ in range(10):
        estimate.learn(100, 1_000_000)
    assert 600_000 < estimate.of(100) <= 1_000_000


def test_batches_cut_short_do_not_make_rows_look_dear() -> None:
    """Where a batch costs 20 ms by itself, a cut to one row would pay it for each; the estimate knows better."""
    estimate, deadline_ns, rows = ServiceEstimate(), 100_000_000, 200
    served = []
    for _ in range(60):
        late = too_late(np.full(rows, deadline_ns), np.arange(rows, dtype=float), deadline_ns, estimate)
        served.append(rows - int(np.count_nonzero(late)))
        estimate.learn(served[-1], 20_000_000 + 100_000 * served[-1])
    assert min(served[30:]) > 150


def test_the_estimate_is_doubted_once_a_second_while_nothing_is_measured() -> None:
    """Asked when nobody is scored, it allows one try a second, and believes what the try took."""
    estimate = ServiceEstimate(row_ns=10**9)
    asked = [at_ns for at_ns in range(0, 3 * NS_PER_S, NS_PER_S // 10) if estimate.doubted(at_ns)]
    assert asked == [NS_PER_S, 2 * NS_PER_S]
    estimate.learn(1, 20_000)
    assert estimate.row_ns == 20_000
    assert not estimate.doubted(3 * NS_PER_S)
    estimate.learn(1, 10**9)
    assert estimate.row_ns < 2 * 10**8
