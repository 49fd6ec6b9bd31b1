"""Laws of the stamps on a batch's track."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Track
from actors.stamps import ARRIVAL, FEW, earliest, record_since, stamp
from actors.telemetry.histogram import Histogram

NUMBERS = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=2 * FEW)


@given(NUMBERS, st.integers(0, 10**12))
def test_spans_are_recorded_alike_for_any_number_of_rows(instants: list[int], until_ns: int) -> None:
    """One row, a few rows and many are counted as each value on its own would be."""
    track = np.zeros((len(instants), len(Track)), dtype=np.int64)
    track[:, ARRIVAL] = instants
    recorded, expected = Histogram(), Histogram()
    record_since(recorded, track, ARRIVAL, until_ns)
    for at_ns in instants:
        expected.record_span((until_ns - at_ns) // 1_000, 1)
    assert recorded.counts() == expected.counts()
    assert earliest(track, ARRIVAL) == min(instants)


@given(st.integers(1, 2 * FEW), st.sampled_from(Track), st.integers(0, 2**62))
def test_a_stamp_is_on_every_row_and_nowhere_else(count: int, column: Track, at_ns: int) -> None:
    """Other columns stay as they were."""
    track = np.full((count, len(Track)), -1, dtype=np.int64)
    stamp(track, column, at_ns)
    assert (track[:, column] == at_ns).all()
    assert (np.delete(track, column, axis=1) == -1).all()
