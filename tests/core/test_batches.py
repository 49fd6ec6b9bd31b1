"""Laws of the stamps on a batch's track."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.core.batches import ARRIVAL, FEW, Track, earliest, stamp

NUMBERS = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=2 * FEW)


@given(NUMBERS)
def test_the_earliest_is_found_among_any_number_of_rows(instants: list[int]) -> None:
    """One row, a few rows and many have the least of their instants."""
    track = np.zeros((len(instants), len(Track)), dtype=np.int64)
    track[:, ARRIVAL] = instants
    assert earliest(track, ARRIVAL) == min(instants)


@given(st.integers(1, 2 * FEW), st.sampled_from(Track), st.integers(0, 2**62))
def test_a_stamp_is_on_every_row_and_nowhere_else(count: int, column: Track, at_ns: int) -> None:
    """Other columns stay as they were."""
    track = np.full((count, len(Track)), -1, dtype=np.int64)
    stamp(track, column, at_ns)
    assert (track[:, column] == at_ns).all()
    assert (np.delete(track, column, axis=1) == -1).all()
