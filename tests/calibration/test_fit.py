"""Laws of the fit from measured batches to costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calibration.fit import fit
from sim.clocks.costs import Cost, Few

SIZES = (1, 8, 64, 256, 1024)


def samples(cost: Cost, repeats: int = 8) -> dict[int, list[int]]:
    return {rows: [round(cost.of_ns(rows))] * repeats for rows in SIZES}


@given(st.floats(1, 500), st.floats(0.01, 50))
def test_a_straight_cost_is_found(fixed_us: float, per_row_us: float) -> None:
    """Times that lie on a line give that line, and no second one."""
    found = fit(samples(Cost(fixed_us, per_row_us)))
    assert found.cost.fixed_us == pytest.approx(fixed_us, rel=0.01, abs=0.01)
    assert found.cost.per_row_us == pytest.approx(per_row_us, rel=0.01, abs=0.01)
    assert found.misfit < 0.01


def test_a_road_of_its_own_for_small_batches_is_found() -> None:
    """Where code does few rows one by one and many at once, both lines come back, and where one ends."""
    true = Cost(1_000.0, 7.0, Few(150.0, 42.0, 8))
    found = fit(samples(true))
    assert found.cost.few is not None
    assert found.cost.few.up_to == 8
    assert found.misfit < 0.01
    assert all(found.cost.of_ns(rows) == pytest.approx(true.of_ns(rows), rel=0.01) for rows in SIZES)


@given(st.lists(st.integers(1_000, 10_000_000), min_size=5, max_size=5))
def test_costs_are_never_negative(times: list[int]) -> None:
    """Whatever noise says: no batch takes less than nothing, and none becomes cheaper by growing."""
    cost = fit({rows: [took] for rows, took in zip(SIZES, times, strict=True)}).cost
    assert min(cost.fixed_us, cost.per_row_us) >= 0
    assert cost.of_ns(1) <= cost.of_ns(8) <= cost.of_ns(100) <= cost.of_ns(5_000)


def test_outliers_and_the_first_batches_do_not_count() -> None:
    """A stall, or caches that are cold at first, leave the cost as it was."""
    calm = samples(Cost(50.0, 2.0), repeats=20)
    stalled = {rows: [90_000_000] * 5 + times[5:-2] + [40_000_000] * 2 for rows, times in calm.items()}
    assert fit(stalled).cost == fit(calm).cost
