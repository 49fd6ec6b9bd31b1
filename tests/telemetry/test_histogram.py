"""Latency histograms: HdrHistogram's counters and percentiles, recorded a batch at a time."""

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from actors.core.arrays import I64
from actors.telemetry.histogram import ONE_BY_ONE, PEAKS, Histogram, hdr_of
from actors.telemetry.histogram_counts import (
    BEYOND_US,
    COUNTERS,
    HIGHEST_US,
    LINEAR,
    HistogramCounts,
    highest_us,
    index_of,
    indexes_of,
    lowest_us,
)

PERCENTS = (0.1, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0)


def log_uniform(shortest: int, longest: int) -> st.SearchStrategy[I64]:
    """Arrays of latencies of every magnitude, 0 and 1 h among them."""
    edges = st.sampled_from([0, 1, LINEAR - 1, LINEAR, LINEAR + 1, HIGHEST_US - 1, HIGHEST_US])
    magnitudes = st.integers(0, 31).flatmap(lambda bits: st.integers(1 << bits, min((2 << bits) - 1, HIGHEST_US)))
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

    copy = hdr_of(histogram.counts())
    assert list(copy.counts) == list(hdr.counts)
    assert (copy.get_total_count(), copy.get_max_value()) == (hdr.get_total_count(), hdr.get_max_value())
    assert histogram.beyond == 0


@given(log_uniform(1, 400))
def test_percentiles_are_those_of_hdrhistogram(values: I64) -> None:
    """Percentiles from sparse counts equal those that the package finds by its walk, unless the maximum is less."""
    histogram = Histogram()
    histogram.record(values)
    counts, largest = histogram.counts(), int(values.max())
    walked = hdr_one_by_one(values).get_percentile_to_value_dict(PERCENTS)
    assert {percent: counts.percentile_us(percent) for percent in PERCENTS} == {
        percent: min(value, largest, HIGHEST_US) for percent, value in walked.items()
    }


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


NEAR_THE_END = st.integers(HIGHEST_US - 3_000_000, HIGHEST_US + 3_000_000)
EVERY_SIZE = arrays(np.int64, st.integers(0, 2 * ONE_BY_ONE), elements=st.integers(-(2**62), 2**62) | NEAR_THE_END)


@given(EVERY_SIZE)
def test_values_beyond_the_range_are_counted_at_its_end_and_told(values: I64) -> None:
    """Nothing is left out: a value over 1 h is in the last counter and in ``beyond``, a negative one counts as 0."""
    histogram, inside = Histogram(), Histogram()
    histogram.record(values)
    inside.record(np.clip(values, 0, HIGHEST_US))
    assert histogram.count == len(values)
    assert histogram.beyond == np.count_nonzero(values > HIGHEST_US)
    assert histogram.counts().counters == inside.counts().counters


@given(EVERY_SIZE)
def test_mean_and_maximum_are_exact_at_any_size(values: I64) -> None:
    """Neither the width of a counter nor the end of the range changes them."""
    histogram = Histogram()
    histogram.record(values)
    exact = [max(value, 0) for value in values.tolist()]
    assert histogram.max_us == max(exact, default=None)
    assert histogram.mean_us == (sum(exact) / len(exact) if exact else None)


@given(EVERY_SIZE, st.sampled_from(PERCENTS))
def test_a_percentile_beyond_the_range_is_a_lower_bound(values: I64, percent: float) -> None:
    """It is never above the exact quantile unless it is within 0.1 % of it, and beyond 1 h it says just that."""
    histogram = Histogram()
    histogram.record(values)
    found = histogram.percentile(percent)
    if not len(values):
        assert found is None
        return
    exact = max(0, int(np.sort(values)[max(int(percent * len(values) / 100 + 0.5), 1) - 1]))
    assert found is not None
    assert found == BEYOND_US if exact > HIGHEST_US else exact <= found <= HIGHEST_US
    assert found <= exact + max(1, exact * 0.001)


@given(
    st.lists(st.lists(st.integers(0, 2 * HIGHEST_US), max_size=4), max_size=40),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6),
    st.integers(1, 4),
)
def test_the_maximum_between_any_two_readings_is_exact(
    ticks: list[list[int]], pairs: list[tuple[int, int]], most_peaks: int
) -> None:
    """Whatever else was read in between, and however few maxima are kept: what is held can be asked."""
    histogram = Histogram()
    histogram._most_peaks = most_peaks
    held = {number for pair in pairs for number in pair}
    readings: dict[int, HistogramCounts] = {0: histogram.counts()}
    for number, values in enumerate(ticks, start=1):
        histogram.record(np.array(values, dtype=np.int64))
        reading = histogram.counts()
        if number in held:
            readings[number] = reading
        del reading
    for older, newer in ((min(pair), max(pair)) for pair in pairs):
        if older in readings and newer in readings:
            recorded = [value for values in ticks[older:newer] for value in values]
            assert readings[newer].since(readings[older]).max_us == max(recorded, default=None)


def test_maxima_of_a_shrinking_backlog_stay_few() -> None:
    """An hour in which each tick's maximum is below the last one's leaves no more maxima than readings are held."""
    histogram = Histogram()
    first = histogram.counts()
    for tick in range(4 * 3_600):
        histogram.record_span(10**9 - tick, 2)
        reading = histogram.counts()
        assert len(reading.peaks) <= PEAKS + 1
    assert reading.since(first).max_us == 10**9


@given(log_uniform(0, 200), log_uniform(0, 200))
def test_counts_since_is_exactly_what_came_after(before: I64, after: I64) -> None:
    """Subtracting an older reading leaves a histogram of the later values alone."""
    histogram, later = Histogram(), Histogram()
    histogram.record(before)
    older = histogram.counts()
    histogram.record(after)
    later.record(after)
    assert histogram.counts().since(older) == later.counts()


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
    assert lowest_us(index) <= value
    assert index == 0 or highest_us(index - 1) == lowest_us(index) - 1
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
