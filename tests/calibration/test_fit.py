"""Laws of the way from measured batches to costs."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calibration.calibrate import fit
from sim.clocks.costs import Cost

SIZES = (1, 8, 64, 256, 1024)


def samples(cost: Cost, repeats: int = 8) -> dict[int, list[int]]:
    return {rows: [round(cost.of_ns(rows))] * repeats for rows in SIZES}


@given(st.floats(1, 500), st.floats(0.01, 50), st.integers(1, 5_000))
def test_a_straight_cost_is_found(fixed_us: float, per_row_us: float, rows: int) -> None:
    """Times that lie on a line give that line, between the measured sizes and beyond."""
    true = Cost(fixed_us, per_row_us)
    assert fit(samples(true)).of_ns(rows) == pytest.approx(true.of_ns(rows), rel=0.01)


@given(st.lists(st.integers(1_000, 10_000_000), min_size=5, max_size=5))
def test_what_was_measured_is_what_a_batch_costs(times: list[int]) -> None:
    """To the nanosecond, as long as larger batches take longer."""
    times.sort()
    cost = fit({rows: [took] for rows, took in zip(SIZES, times, strict=True)})
    assert [round(cost.of_ns(rows)) for rows in SIZES] == times


@given(st.lists(st.integers(1_000, 10_000_000), min_size=5, max_size=5))
def test_costs_never_fall(times: list[int]) -> None:
    """Whatever noise says: no batch takes less than nothing, and none becomes cheaper by growing."""
    cost = fit({rows: [took] for rows, took in zip(SIZES, times, strict=True)})
    assert min(cost.fixed_us, cost.per_row_us) >= 0
    found = [cost.of_ns(rows) for rows in (1, 2, 8, 9, 100, 1_024, 5_000)]
    assert all(fewer <= more * (1 + 1e-9) for fewer, more in pairwise(found))


def test_outliers_and_the_first_batches_do_not_count() -> None:
    """A stall, or caches that are cold at first, leave the cost as it was."""
    calm = samples(Cost(50.0, 2.0), repeats=20)
    stalled = {rows: [90_000_000] * 5 + times[5:-2] + [40_000_000] * 2 for rows, times in calm.items()}
    assert fit(stalled) == fit(calm)
