"""Drift: how far distributions are apart."""

from math import inf, isfinite

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from actors.core.arrays import F32, I64
from actors.telemetry.drift import FeatureBinner, ReferenceBins, bins_of, psi, psi_of_each, relative_shift, shift_sigma

Pair = tuple[I64, I64]


def counts(size: int, least: int = 0) -> st.SearchStrategy[I64]:
    """Counts of bins, not all 0."""
    return arrays(np.int64, size, elements=st.integers(least, 10_000)).filter(np.any)


PAIRS = st.integers(1, 15).flatmap(lambda size: st.tuples(counts(size), counts(size)))
FULL_PAIRS = st.integers(1, 15).flatmap(lambda size: st.tuples(counts(size, 1), counts(size, 1)))


@given(st.integers(1, 15).flatmap(counts), st.integers(1, 50))
def test_psi_of_equal_shares_is_nothing(reference: I64, times: int) -> None:
    """The same distribution scores 0, however many records it rests on, empty bins included."""
    assert psi(reference, reference) == 0
    if reference.all():
        assert psi(reference, reference * times) == pytest.approx(0, abs=1e-12)


@given(PAIRS)
def test_psi_is_finite_and_never_negative(pair: Pair) -> None:
    """An empty bin on one side makes it large, not infinite."""
    value = psi(*pair)
    assert isfinite(value)
    assert value >= 0


@given(FULL_PAIRS)
def test_psi_is_symmetric(pair: Pair) -> None:
    """It does not matter which of the two came first."""
    assert psi(*pair) == pytest.approx(psi(pair[1], pair[0]), rel=1e-9, abs=1e-12)


@given(PAIRS, st.randoms())
def test_psi_does_not_depend_on_the_order_of_bins(pair: Pair, random: object) -> None:
    """Bins are names, not places."""
    order = np.arange(len(pair[0]))
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis types its own Random as an object
    assert psi(pair[0][order], pair[1][order]) == pytest.approx(psi(*pair), rel=1e-9, abs=1e-12)


@given(st.lists(PAIRS, min_size=1, max_size=5))
def test_rows_have_the_psi_that_each_has_alone(pairs: list[Pair]) -> None:
    """Distributions of different numbers of bins may stand in one table, filled up with bins empty on both sides."""
    width = max(len(reference) for reference, _ in pairs)
    tables = [np.array([np.pad(one, (0, width - len(one))) for one in side]) for side in zip(*pairs, strict=True)]
    assert psi_of_each(*tables).tolist() == pytest.approx([psi(*pair) for pair in pairs], rel=1e-9, abs=1e-12)


def test_psi_grows_with_the_distance() -> None:
    """Moving more records further from the reference scores more."""
    even = np.array([100, 100, 100, 100])
    values = [psi(even, np.array([100 - moved, 100, 100, 100 + moved])) for moved in range(0, 101, 10)]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("reference", "current", "text"),
    [
        ([1, 2], [1, 2, 3], "reference has 2 bins and current 3"),
        ([0, 0], [1, 2], "without records"),
        ([1, 2], [0, 0], "without records"),
    ],
)
def test_psi_refuses_what_has_no_shares(reference: list[int], current: list[int], text: str) -> None:
    """Different bins or no records are an error, not a figure."""
    with pytest.raises(ValueError, match=text):
        psi(np.array(reference), np.array(current))


FLOATS = st.floats(-1e6, 1e6, width=32) | st.just(float("nan"))


@given(
    st.lists(st.lists(st.integers(-100, 100), unique=True, max_size=8).map(sorted), min_size=1, max_size=5),
    st.integers(0, 30),
    st.data(),
)
def test_all_features_are_binned_as_each_alone_would_be(edges: list[list[int]], rows: int, data: st.DataObject) -> None:
    """Counting a matrix at once gives each feature the bins that a search of its own would."""
    on_edges = st.integers(-100, 100).map(float)
    features: F32 = data.draw(arrays(np.float32, (rows, len(edges)), elements=FLOATS | on_edges))
    borders = [np.array(one, dtype=np.float64) for one in edges]
    binner = FeatureBinner([bins_of(np.zeros(1), one) for one in borders])
    binner.add(features)
    for column, one in enumerate(borders):
        expected = bins_of(features[:, column].astype(np.float64), one).counts
        assert binner.counts[column, : len(expected)].tolist() == expected.tolist()
        assert not binner.counts[column, len(expected) :].any()


def test_missing_values_have_a_bin_of_their_own() -> None:
    """NaN is counted last, and an edge belongs to the bin above it."""
    bins = bins_of(np.array([-1.0, 0.0, 0.5, 2.0, np.nan, np.nan]), np.array([0.0, 1.0]))
    assert bins.counts.tolist() == [1, 2, 1, 2]


def test_bins_that_do_not_fit_are_refused() -> None:
    """Edges out of order, or counts for another number of bins, are an error."""
    with pytest.raises(ValueError, match="2 edges need 4 counts"):
        ReferenceBins(np.array([0.0, 1.0]), np.array([1, 2, 3]))
    with pytest.raises(ValueError, match="ascend"):
        ReferenceBins(np.array([1.0, 1.0]), np.array([1, 2, 3, 4]))


def test_a_shift_is_measured_in_shares_and_in_standard_errors() -> None:
    """A quarter off, over 10,000 records that scatter by 0.05, is 5 standard errors."""
    assert relative_shift(0.01, 0.0125) == pytest.approx(0.25)
    assert shift_sigma(0.01, 0.05, 0.0125, 10_000) == pytest.approx(5.0)
    assert shift_sigma(0.01, 0.0, 0.0125, 10_000) == inf
    assert shift_sigma(0.01, 0.0, 0.01, 10_000) == 0
