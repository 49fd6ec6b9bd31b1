"""Arrays in files instead of memory: what a long run writes once and reads at its end."""

import mmap
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from weakref import WeakSet

import numpy as np
from numpy.typing import DTypeLike

from actors.arrays import Column

LARGE_BYTES = 2 << 20  # a drill of minutes stays below it, and opens no file


class AnyShelf(Protocol):
    """Where arrays lie that grow with a run."""

    def empty(self, count: int, dtype: DTypeLike) -> Column:
        """Return a new array of at least ``count`` elements, as many as others asked for so, to be written first."""
        ...

    def put_away(self, columns: Iterable[Column]) -> None:
        """Take ``columns``, fronts of arrays made here, out of memory by and by: they are not written to any more."""
        ...

    def settle(self) -> None:
        """Return when what was put away may be written to after all."""
        ...

    def let_go(self) -> None:
        """Leave to the files what lies there: it takes no memory until it is touched again."""
        ...


class Shelf:
    """Makes arrays whose large ones lie in nameless files, so that only the part in use takes memory.

    An array is read and written like any other; what was let go is read back when it is touched. For the virtual clock:
    on the real one, writing to a file may wait for the disk, which a run would measure. Where files cannot be had (a
    full disk, or a system without `posix_fallocate`), arrays lie in memory.

    Args:
        folder: whose disk the files take room on; they have no name there and end with the process at the latest.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._maps: WeakSet[mmap.mmap] = WeakSet()

    def empty(self, count: int, dtype: DTypeLike) -> Column:
        """Return a new array of ``count`` elements, to be written before it is read.

        A large one is mostly a column's copy with more room: so that not all columns of a table are in memory twice
        while they are copied one after the other, each time all arrays are let go.
        """
        size_bytes = count * np.dtype(dtype).itemsize
        if size_bytes < LARGE_BYTES:
            return np.empty(count, dtype)
        try:
            mapped = _file_of(size_bytes, self._folder)
        except OSError:
            return np.empty(count, dtype)
        self.let_go()
        self._maps.add(mapped)
        return np.frombuffer(mapped, dtype, count)

    def let_go(self) -> None:
        """Leave all arrays to their files: none takes memory until it is touched again. A few µs an array."""
        for mapped in self._maps:
            mapped.madvise(mmap.MADV_DONTNEED)  # of a shared mapping: nothing that was written is lost

    def put_away(self, columns: Iterable[Column]) -> None:
        """Do nothing: they lie in files already."""

    def settle(self) -> None:
        """Return at once."""

    @property
    def size_bytes(self) -> int:
        """What lies in files."""
        return sum(map(len, self._maps))


def _file_of(size_bytes: int, folder: Path) -> mmap.mmap:
    """Return a shared mapping of a new file, which has its room on the disk: writing to it cannot fail.

    Raises:
        OSError: there is no room, or no way to ask for it.
    """
    allocate = getattr(os, "posix_fallocate", None)
    if allocate is None or not hasattr(mmap, "MADV_DONTNEED"):
        raise OSError("this system keeps arrays in memory")
    with tempfile.TemporaryFile(dir=folder) as file:
        allocate(file.fileno(), 0, size_bytes)
        return mmap.mmap(file.fileno(), size_bytes)
