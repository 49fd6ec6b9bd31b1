"""Laws of the guard before windows: which rows were counted, which are to be, and what was missed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from actors.adapters.redis.guard import Head, HeadVerdict, Known, OtherVersionError, judge, pack_rows, unpack_rows
from actors.features.catalogue import STREAM_COLUMNS

OFFSETS = st.integers(0, 2**62)
GO, STALE, GAP = HeadVerdict


@given(first=OFFSETS, after=OFFSETS)
def test_a_head_is_read_as_it_was_written(first: int, after: int) -> None:
    """To the last offset."""
    assert Head.unpack(Head(first, after).pack(), 0) == Head(first, after)


def test_a_partition_without_a_head_begins_where_the_run_does() -> None:
    """Nothing is kept, and nothing was counted."""
    assert Head.unpack(b"", 7) == Head(7, 7)


@pytest.mark.parametrize("packed", [b"\1", Head(0, 0).pack() + b"\0", b"\2" + Head(0, 0).pack()[1:]])
def test_a_head_of_another_version_is_refused(packed: bytes) -> None:
    """Its numbers would mean something else."""
    with pytest.raises(OtherVersionError):
        Head.unpack(packed, 0)


@given(count=st.integers(1, 20), first=st.integers(0, 2**40))
def test_cached_rows_are_read_as_they_were_written(count: int, first: int) -> None:
    """Each offset has its features, to the last bit; first comes the last offset, by which they are dropped."""
    offsets = first + np.arange(count) ** 2
    features = np.random.default_rng(count).random((count, len(STREAM_COLUMNS)), dtype=np.float32)
    packed = pack_rows(offsets, features)
    assert int.from_bytes(packed[:8], "little") == offsets[-1]
    found = unpack_rows(packed)
    assert list(found) == offsets.tolist()
    assert_array_equal(np.array(list(found.values())), features)


@pytest.mark.parametrize(
    ("head", "known", "lowest", "committed", "verdict"),
    [
        pytest.param(Head(0, 5), Known(0), 5, 5, GO, id="the next row"),
        pytest.param(Head(0, 5), Known(0), 2, 2, GO, id="a row that was counted and not committed"),
        pytest.param(Head(0, 5), Known(0), 8, 5, GO, id="dead letters before the first row of a new owner"),
        pytest.param(Head(0, 5), Known(0, reached=5), 9, 9, GO, id="dead letters between two batches, committed"),
        pytest.param(Head(4, 5), Known(0), 3, 3, STALE, id="others have committed beyond"),
        pytest.param(
            Head(4, 5), Known(0, reached=5), 3, 4, GAP, id="a call so late that its rows were committed meanwhile"
        ),
        pytest.param(Head(0, 5), Known(0), 8, 8, GAP, id="a new owner finds committed rows that were not counted"),
        pytest.param(Head(0, 5), Known(0, reached=9), 9, 0, GAP, id="the server has lost what it had counted"),
        pytest.param(Head(0, 5), Known(0, reached=5, missed=7), 8, 5, GAP, id="rows that windows did not take"),
        pytest.param(Head(0, 5), Known(0, reached=5, missed=7), 5, 5, GO, id="the same rows again"),
        pytest.param(
            Head(0, 8), Known(0, reached=5, missed=7), 8, 5, GO, id="rows that were counted without an answer"
        ),
    ],
)
def test_what_a_head_means_for_rows(
    head: Head, known: Known, lowest: int, committed: int, verdict: HeadVerdict
) -> None:
    """Counted rows come again, missed ones are noticed, and whoever was overtaken is told."""
    assert judge(head, known, lowest, committed) is verdict
