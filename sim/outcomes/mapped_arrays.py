"""Arrays in files instead of memory: what a long run writes once, reads at its end."""

import ctypes
import mmap
import os
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary, WeakSet, finalize

import numpy as np
from numpy.typing import DTypeLike

from actors.core.arrays import Column

LARGE_BYTES = 2 << 20  # a drill of minutes stays below it, and opens no file


class ArrayStore(Protocol):
    """Where arrays lie that grow with a run."""

    def empty(self, count: int, dtype: DTypeLike) -> Column:
        """Return a new array of at least ``count`` elements, as many as others asked for so, to be written first."""
        ...

    def put_away(self, columns: Iterable[Column]) -> None:
        """Take ``columns``, fronts of arrays made here, out of memory by and by: they are not written to any more."""
        ...

    def wait(self) -> None:
        """Return when what was put away may be written to after all."""
        ...

    def release(self) -> None:
        """Leave to the files what lies there: it takes no memory until it is touched again."""
        ...


class InMemoryArrays:
    """Makes arrays that lie in memory and stay there: for a run that is short."""

    def empty(self, count: int, dtype: DTypeLike) -> Column:
        """Return a new array of ``count`` elements, to be written before it is read."""
        return np.empty(count, dtype)

    def put_away(self, columns: Iterable[Column]) -> None:
        """Do nothing: there are no files."""

    def wait(self) -> None:
        """Return at once."""

    def release(self) -> None:
        """Do nothing: there are no files."""


class MappedArrays:
    """Makes arrays whose large ones lie in nameless files, so that only the part in use takes memory.

    An array is read and written like any other; what was released is read back when it is touched. For the virtual
    clock: on the real one, writing to a file may wait for the disk, which a run would measure. Where files cannot be
    had (a full disk, or a system without `posix_fallocate`), arrays lie in memory.

    Args:
        folder: whose disk the files take room on; they have no name there and end with the process at the latest.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._maps: WeakSet[mmap.mmap] = WeakSet()

    def empty(self, count: int, dtype: DTypeLike) -> Column:
        """Return a new array of ``count`` elements, to be written before it is read.

        A large one is mostly a column's copy with more room: so that not all columns of a table are in memory twice
        while they are copied one after the other, each time all arrays are released.
        """
        size_bytes = count * np.dtype(dtype).itemsize
        if size_bytes < LARGE_BYTES:
            return np.empty(count, dtype)
        try:
            mapped = _file_of(size_bytes, self._folder)
        except OSError:
            return np.empty(count, dtype)
        self.release()
        self._maps.add(mapped)
        return np.frombuffer(mapped, dtype, count)

    def release(self) -> None:
        """Leave all arrays to their files: none takes memory until it is touched again. A few µs an array."""
        for mapped in self._maps:
            mapped.madvise(mmap.MADV_DONTNEED)  # of a shared mapping: nothing that was written is lost

    def put_away(self, columns: Iterable[Column]) -> None:
        """Do nothing: they lie in files already."""

    def wait(self) -> None:
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


UNIT_BYTES = 2 << 20  # moved at a time at least: a huge page of the system, which a smaller part would split
ROW_BYTES = 128  # of all arrays of a run together, rounded up: what it must be able to reserve for each row
_PIECE_BYTES = 1 << 20  # written at once
_NORESERVE, _FIXED = 0x4000, 0x10  # of Linux: promise no memory; map in the place of what is there, in one step
_FAILED = ctypes.c_void_p(-1).value


class SpillingArrays:
    """Makes arrays that lie in memory, for a clock that would measure the wait for a disk, and keeps memory flat.

    Writing to an array writes to memory. What will not be written again is handed to `put_away`: a thread writes it to
    a nameless file and maps that in its place, at the same addresses, so that it is read as before and takes no memory
    until it is. Room for ``rows`` is reserved at once, which takes none either: an array that need not grow is never
    copied. Where files or such mappings cannot be had, arrays stay in memory.

    Args:
        folder: whose disk the files take room on; they have no name there and end with the process at the latest.
        rows: elements that an array has room for at least; what is expected, with something to spare.
    """

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder = folder
        self._rows = rows if _reservable(rows * ROW_BYTES) else 0
        self._moves = sys.platform == "linux" and sys.maxsize > 1 << 32
        self._rooms: WeakKeyDictionary[mmap.mmap, _Room] = WeakKeyDictionary()
        self._thread = ThreadPoolExecutor(1, "mapped-arrays")
        self._moving: Future[None] | None = None

    def empty(self, count: int, dtype: DTypeLike) -> Column:
        """Return a new array of at least ``count`` elements, as many as every other one asked for so, to be written."""
        count = max(count, self._rows)
        if not self._moves:
            return np.empty(count, dtype)
        size_bytes = max(1, count * np.dtype(dtype).itemsize)
        try:
            mapped = _reserve(size_bytes)
        except OSError:
            return np.empty(count, dtype)
        array: Column = np.frombuffer(mapped, dtype, count)
        self._rooms[mapped] = _Room(array.ctypes.data, size_bytes)
        return array

    def put_away(self, columns: Iterable[Column]) -> None:
        """Have ``columns`` moved by and by: parts of arrays made here, from a front that only moves on.

        They may be read meanwhile, and must not be written to before `wait` has returned; afterwards they may, at the
        cost of a wait for the disk. While earlier ones are on their way nothing happens: they are handed over again
        later.
        """
        if not self._moves or (self._moving is not None and not self._moving.done()):
            return
        found = [(room, stop, column) for column in columns for room, stop in self._behind(column)]
        if found:
            self._moving = self._thread.submit(self._move, found)

    def wait(self) -> None:
        """Wait until nothing is on its way."""
        if self._moving is not None:
            self._moving.result()

    def release(self) -> None:
        """Leave what was moved to the files: what was read of it takes no memory until it is read again."""
        for mapped, room in list(self._rooms.items()):
            if room.moved_bytes:
                mapped.madvise(mmap.MADV_DONTNEED, 0, room.moved_bytes)  # shared: nothing that was written is lost

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    @property
    def size_bytes(self) -> int:
        """What lies in files."""
        return sum(room.moved_bytes for room in list(self._rooms.values()))

    def _behind(self, column: Column) -> "list[tuple[_Room, int]]":
        """Return the room that ``column`` lies in, and up to where it fills whole units of it that are not moved."""
        begin = column.ctypes.data  # asking takes 2 µs
        end = begin + column.nbytes
        for room in list(self._rooms.values()):
            if room.start <= begin and end <= room.start + room.size_bytes:
                stop = (end - room.start) // UNIT_BYTES * UNIT_BYTES
                return [(room, stop)] if stop > room.moved_bytes else []
        return []

    def _move(self, found: "list[tuple[_Room, int, Column]]") -> None:
        """Move each part to its file; runs in the thread, and ends moving for good where that is not possible."""
        try:
            for room, stop, _column_kept_alive in found:
                room.move(stop, self._folder)
        except OSError:  # a full disk, most likely: memory is what is left
            self._moves = False


class _Room:
    """A stretch of addresses: the front of it is a file's, the rest memory.

    Args:
        start: its address.
        size_bytes: how long it is.
    """

    def __init__(self, start: int, size_bytes: int) -> None:
        self.start = start
        self.size_bytes = size_bytes
        self.moved_bytes = 0
        self._file: int | None = None

    def move(self, stop: int, folder: Path) -> None:
        """Write what lies before ``stop`` to the file and map that in its place.

        Raises:
            OSError: there is no room, or no such mapping; everything stays where it is.
        """
        if self._file is None:
            self._file = self._new_file(folder)
        start, number = self.moved_bytes, self._file
        os.posix_fallocate(number, start, stop - start)  # so that writing to the mapping cannot fail
        if not start:  # not every file system has such mappings, and in the place of memory it were too late to learn
            mmap.mmap(number, stop).close()
        whole = (ctypes.c_char * (stop - start)).from_address(self.start + start)
        memory, written = memoryview(whole).cast("B"), 0
        while written < len(memory):
            written += os.pwrite(number, memory[written : written + _PIECE_BYTES], start + written)
        _map(self.start + start, stop - start, number, start)
        self.moved_bytes = stop

    def _new_file(self, folder: Path) -> int:
        """Return the descriptor of a file without a name, which is closed with the room."""
        with tempfile.TemporaryFile(dir=folder) as file:
            number = os.dup(file.fileno())
        finalize(self, os.close, number)
        return number


def _reserve(size_bytes: int) -> mmap.mmap:
    """Return addresses that take memory only where they are written to.

    Raises:
        OSError: the process may not have so many.
    """
    return mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE)


def _reservable(size_bytes: int) -> bool:
    try:
        _reserve(max(1, size_bytes)).close()
    except (OSError, OverflowError):
        return False
    return True


def _map(address: int, size_bytes: int, file: int, offset: int) -> None:
    """Map a part of ``file`` at ``address``, in the place of what is there.

    Raises:
        OSError: the system refused.
    """
    call = ctypes.CDLL(None, use_errno=True).mmap
    call.restype = ctypes.c_void_p
    call.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    flags = mmap.MAP_SHARED | _FIXED
    if call(address, size_bytes, mmap.PROT_READ | mmap.PROT_WRITE, flags, file, offset) == _FAILED:
        raise OSError(ctypes.get_errno(), "cannot map a file in the place of memory")
