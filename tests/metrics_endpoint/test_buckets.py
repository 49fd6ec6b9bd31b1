"""Buckets for Prometheus hold what our counters hold."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.telemetry.histogram import Histogram
from actors.telemetry.histogram_counts import HistogramCounts
from sim.metrics_endpoint.buckets import BOUNDS_US, cumulative

TIMES_US = st.lists(st.integers(0, 4_000_000_000), min_size=1, max_size=200)


def counted(times_us: list[int]) -> HistogramCounts:
    histogram = Histogram()
    histogram.record(np.array(times_us, dtype=np.int64))
    return histogram.counts()


@given(TIMES_US)
def test_a_bucket_holds_the_values_whose_counter_lies_within_it(times_us: list[int]) -> None:
    """Exact up to 2 ms; beyond, a value just below a bound may share its counter with one above it."""
    for bound, count in zip(BOUNDS_US, cumulative(counted(times_us)), strict=True):
        assert sum(each * 1.001 < bound for each in times_us) <= count <= sum(each <= bound for each in times_us)


@given(TIMES_US, st.sampled_from(BOUNDS_US), st.sampled_from([50.0, 95.0, 99.0]))
def test_a_percentile_is_within_a_bucket_exactly_when_the_bucket_says_so(
    times_us: list[int], bound: int, percent: float
) -> None:
    """An alert on a limit that is a bound holds there and here."""
    counts = counted(times_us)
    within = cumulative(counts)[BOUNDS_US.index(bound)] >= counts.rank(percent)
    exact = counts.percentile_us(percent)
    assert exact is not None
    if exact < counts.peaks[0][1]:  # the maximum is exact, and finer than its counter
        assert (exact <= bound) == within


@given(TIMES_US, TIMES_US)
def test_buckets_never_go_down(first: list[int], more: list[int]) -> None:
    """What Prometheus takes for counts of a run is never taken back."""
    before, after = cumulative(counted(first)), cumulative(counted(first + more))
    assert all(then <= now for then, now in zip(before, after, strict=True))
    assert after == sorted(after)
