"""A series that stays bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts import POINTS, BoundedSeries


@given(seconds=st.integers(1, 100_000))
def test_a_run_of_any_length_keeps_a_bounded_series(seconds: int) -> None:
    """A minute or a day: never more points than the limit, always back to the start."""
    history = BoundedSeries(step_s=0.25)
    for at_s in range(0, seconds, max(1, seconds // 500)):
        history.add(at_s, 1.0)
    series = history.series()
    assert series.start_s == 0.0
    assert len(series.values) <= POINTS
    assert {value for value in series.values if value is not None} == {1.0}


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=400))
def test_joining_steps_keeps_the_peak(values: list[float]) -> None:
    """A latency spike is still there after the steps have doubled."""
    history = BoundedSeries(step_s=1.0, limit=16, keep="max")
    for at_s, value in enumerate(values):
        history.add(at_s, value)
    assert max(value for value in history.series().values if value is not None) == max(values)


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=400))
def test_joining_steps_keeps_the_mean(values: list[float]) -> None:
    """Each step is the mean of the values in it."""
    history = BoundedSeries(step_s=1.0, limit=16)
    for at_s, value in enumerate(values):
        history.add(at_s, value)
    series = history.series()
    step = int(series.step_s)
    wanted = [sum(values[at : at + step]) / len(values[at : at + step]) for at in range(0, len(values), step)]
    assert list(series.values) == pytest.approx(wanted)


def test_a_time_without_samples_is_a_gap() -> None:
    """None and what is not finite are left out, not drawn as 0."""
    history = BoundedSeries(step_s=1.0)
    for at_s, value in enumerate((1.0, None, float("nan"), 4.0)):
        history.add(at_s, value)
    assert history.series().values == (1.0, None, None, 4.0)
