"""Laws of arrays in files."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from sim.outcomes.mapped_arrays import LARGE_BYTES, MappedArrays

COUNT = LARGE_BYTES // 8


def resident_bytes() -> int:
    """Return how much of this process's files is in memory."""
    return int(Path("/proc/self/statm").read_text().split()[2]) * os.sysconf("SC_PAGE_SIZE")


def test_what_was_let_go_is_still_there(tmp_path: Path) -> None:
    """An array keeps what was written, before it was let go and after, and the folder shows no file."""
    array_store = MappedArrays(tmp_path)
    array = array_store.empty(COUNT, np.int64)
    array[:] = np.arange(COUNT)
    array_store.release()
    array[7] = -7
    array_store.release()
    expected = np.arange(COUNT)
    expected[7] = -7
    np.testing.assert_array_equal(array, expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells what is in memory")
def test_what_was_let_go_takes_no_memory(tmp_path: Path) -> None:
    """Thirty-two megabytes that were written are not in memory once let go."""
    array_store = MappedArrays(tmp_path)
    array = array_store.empty(16 * COUNT, np.int64)
    array[:] = 1
    before = resident_bytes()
    array_store.release()
    assert before - resident_bytes() >= 0.9 * array.nbytes
    assert array[-1] == 1


def test_small_arrays_lie_in_memory(tmp_path: Path) -> None:
    """A short run opens no file."""
    array_store = MappedArrays(tmp_path)
    array = array_store.empty(COUNT - 1, np.int64)
    assert len(array) == COUNT - 1
    assert array_store.size_bytes == 0


def test_a_file_goes_with_its_array(tmp_path: Path) -> None:
    """What nobody holds any more is closed."""
    array_store = MappedArrays(tmp_path)
    array = array_store.empty(COUNT, np.float64)
    assert array_store.size_bytes == array.nbytes
    del array
    gc.collect()
    assert array_store.size_bytes == 0


def test_without_room_on_the_disk_arrays_lie_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs memory and not the run."""

    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    array_store = MappedArrays(tmp_path)
    array = array_store.empty(COUNT, np.int64)
    array[:] = 3
    assert array.sum() == 3 * COUNT
    assert array_store.size_bytes == 0
