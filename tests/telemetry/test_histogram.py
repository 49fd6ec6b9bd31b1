"""Latency histograms: HdrHistogram's counters and percentiles, recorded a batch at a time."""

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from actors.arrays import I64
from actors.telemetry.buckets import COUNTERS, HIGHEST_US, LINEAR, highest_us, index_of, indexes_of
from actors.telemetry.counts import HistogramCounts
from actors.telemetry.histogram import ONE_BY_ONE, Histogram

PERCENTS = (0.1, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0)


def log_uniform(shortest: int, longest: int) -> st.SearchStrategy[I64]:
    """Arrays of latencies of every magnitude, 0 and 60 s among them."""
    edges = st.sampled_from([0, 1, LINEAR - 1, LINEAR, LINEAR + 1, HIGHEST_US - 1, HIGHEST_US])
    magnitudes = st.integers(0, 25).flatmap(lambda bits: st.integers(1 << bits, min((2 << bits) - 1, HIGHEST_US)))
    return arrays(np.int64, st.integers(shortest, longest), elements=edges | magnitudes)


def hdr_one_by_one(values: I64) -> HdrHistogram:
    """The package's own histogram, fed one value at a time."""
    hdr = HdrHistogram(1, HIGHEST_US, 3)
    for value in values.tolist():
        assert hdr.record_value(value)
    return hdr


@given(st.lists(log_uniform(0, 40) | log_uniform(ONE_BY_ONE + 1, 300), max_size=4))
def test_recording_in_batches_counts_as_one_by_one_recording_does(batches: list[I64]) -> None:
    """Whatever the batch sizes, every counter is the one that ``record_value`` would have reached."""
    histogram = Histogram()
    for batch in batches:
        histogram.record(batch)
    values = np.concatenate([*batches, np.zeros(0, np.int64)])
    hdr = hdr_one_by_one(values)

    copy = histogram.to_hdr()
    assert list(copy.counts) == list(hdr.counts)
    assert (copy.get_total_count(), copy.get_max_value()) == (hdr.get_total_count(), hdr.get_max_value())
    assert histogram.clamped == 0


@given(log_uniform(1, 400))
def test_percentiles_are_those_of_hdrhistogram(values: I64) -> None:
    """Percentiles from sparse counts equal those that the package finds by its walk."""
    histogram = Histogram()
    histogram.record(values)
    hdr = hdr_one_by_one(values)
    counts = histogram.counts()
    assert {percent: counts.percentile_us(percent) for percent in PERCENTS} == hdr.get_percentile_to_value_dict(
        PERCENTS
    )
    assert counts.max_us == hdr.get_max_value()


@given(log_uniform(1, 400), st.sampled_from(PERCENTS))
def test_percentiles_are_within_a_microsecond_or_a_thousandth_of_exact_quantiles(values: I64, percent: float) -> None:
    """The value at a rank is at most max(1 µs, 0.1 %) above the exact one, and never below it."""
    histogram = Histogram()
    histogram.record(values)
    rank = max(int(percent * len(values) / 100 + 0.5), 1)
    exact = int(np.sort(values)[rank - 1])
    found = histogram.percentile(percent)
    assert found is not None
    assert exact <= found <= exact + max(1, exact * 0.001)


@given(arrays(np.int64, st.integers(0, 2 * ONE_BY_ONE), elements=st.integers(-(2**62), 2**62)))
def test_values_outside_the_range_are_recorded_at_its_end_and_counted(values: I64) -> None:
    """Nothing is left out: a negative value counts as 0, one over 60 s as 60 s, and both as clamped."""
    histogram, inside = Histogram(), Histogram()
    histogram.record(values)
    inside.record(np.clip(values, 0, HIGHEST_US))
    assert histogram.count == len(values)
    assert histogram.clamped == np.count_nonzero((values < 0) | (values > HIGHEST_US))
    assert histogram.counts().counters == inside.counts().counters
    assert histogram.mean_us == inside.mean_us


@given(log_uniform(0, 200), log_uniform(0, 200))
def test_counts_since_is_exactly_what_came_after(before: I64, after: I64) -> None:
    """Subtracting an older reading leaves a histogram of the later values alone."""
    histogram, later = Histogram(), Histogram()
    histogram.record(before)
    older = histogram.counts()
    histogram.record(after)
    later.record(after)
    assert histogram.counts_since(older) == later.counts()


@given(st.integers(-5, 2 * HIGHEST_US), st.integers(0, 1_000))
def test_a_span_counts_once_for_each_transaction(value: int, count: int) -> None:
    """``record_span`` is ``record`` of the same value repeated."""
    spanned, repeated = Histogram(), Histogram()
    spanned.record_span(value, count)
    repeated.record(np.full(count, value, dtype=np.int64))
    assert spanned.counts() == repeated.counts()


@given(st.integers(0, HIGHEST_US))
def test_a_counter_stands_for_the_values_that_are_counted_in_it(value: int) -> None:
    """A value lies below the top of its counter and above the top of the one before."""
    index = index_of(value)
    assert value <= highest_us(index)
    assert index == 0 or highest_us(index - 1) < value
    assert indexes_of(np.array([value]))[0] == index
    assert 0 <= index < COUNTERS


def test_nothing_recorded_has_no_percentile() -> None:
    """Without values there is no figure, and 0 would be a lie."""
    histogram = Histogram()
    histogram.record(np.zeros(0, np.int64))
    assert histogram.percentile(50) is None
    assert histogram.mean_us is None
    assert histogram.max_us is None
    assert histogram.counts() == HistogramCounts()


def test_counts_outgrow_four_bytes() -> None:
    """A counter above 2³² keeps its exact value, and subtraction across that border is exact."""
    histogram = Histogram()
    histogram.record_span(7, 10)
    older = histogram.counts()
    histogram.record_span(7, 2**33)
    newer = histogram.counts()
    assert newer.total == 2**33 + 10
    assert newer.since(older).total == 2**33
    assert newer.since(older).arrays[1].tolist() == [2**33]


def test_the_mean_is_exact() -> None:
    """The mean does not suffer from the counters' width."""
    values = np.array([1_000_003, 2_000_001, 5], dtype=np.int64)
    histogram = Histogram()
    histogram.record(values)
    assert histogram.mean_us == pytest.approx(values.mean(), abs=0)


def test_recording_takes_a_column_of_a_matrix() -> None:
    """A strided view is recorded like a copy of it."""
    matrix = np.arange(3 * (ONE_BY_ONE + 1), dtype=np.int64).reshape(-1, 3)
    strided, copied = Histogram(), Histogram()
    strided.record(matrix[:, 1])
    copied.record(matrix[:, 1].copy())
    assert strided.counts() == copied.counts()
