"""The rows of a file in order of time: checked as they are read, or sorted in runs that fit memory.

Runs lie in a temporary folder of their own, and hold only the columns that are mapped. The folder is removed when its
process ends, however that is asked for; what a killed process left is removed when the next file is sorted.
"""

import contextlib
import datetime as dt
import io
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from actors.core.clock import US_PER_HOUR
from sim.replay.field import Break
from sim.report.lock import HeldError, hold, is_held
from sim.tables.problem import problem, shown

RUN_ROWS = 262_144  # sorted in memory at a time: some 50 MB with the columns of a transaction
PART_ROWS = 16_384  # of a run that are in memory while it is merged
RUNS_AT_ONCE = 32  # merged in one pass; of more, some are merged to one first
PREFIX = "riskdrill-sort-"
KEPT = 8  # sorted files at a time: as many scenarios may be checked at once; each takes the room of its file
YOUNG_S = 60.0  # the process of a younger folder may not have locked it yet
_US, _ROW = "us", "row"  # beside the columns of the file, which are called by their number
_KEY = [_US, _ROW]

Told = Callable[[float], None]
"""Takes the share of a file that has been sorted, 0 to 1."""


def untold(share: float) -> None:
    """Tell no one."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a file.

    Attributes:
        rows: their numbers in the file, from 1.
        times: their event times.
        raw: as read.
    """

    rows: pl.Series
    times: pl.Series
    raw: pl.DataFrame

    def slice(self, start: int, stop: int) -> "Rows":
        """Return those from ``start`` to ``stop``, exclusive."""
        length = stop - start
        return Rows(self.rows.slice(start, length), self.times.slice(start, length), self.raw.slice(start, length))

    def filter(self, mask: pl.Series) -> "Rows":
        """Return those for which ``mask`` is true."""
        return Rows(self.rows.filter(mask), self.times.filter(mask), self.raw.filter(mask))


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of rows in order of time, in parts of `PART_ROWS` on disk."""

    parts: Sequence[Path]

    def remove(self) -> None:
        """Free its disk space."""
        for part in self.parts:
            part.unlink()


@dataclass(slots=True)
class Sorted:
    """The rows of a file in order of time.

    Attributes:
        folder: where they lie; whoever has its path can read them while it is there.
        names: their columns, in order.
    """

    folder: Path
    names: list[str]

    def frames(self, names: Sequence[str]) -> Iterator[Rows]:
        """Yield the rows with the columns ``names``, in order of time; rows of equal times in the order of the file."""
        runs = [Run(sorted(each.iterdir())) for each in sorted(self.folder.iterdir())]
        wanted = {str(self.names.index(name)): name for name in names}
        for frame in _merged(runs):
            for start in range(0, len(frame), PART_ROWS):
                piece = frame.slice(start, PART_ROWS)
                yield Rows(piece[_ROW], piece[_US], piece.select(list(wanted)).rename(wanted))


def sorted_rows(file: Path, rows: Iterator[Rows], share: Callable[[], float], told: Told) -> Sorted:
    """Return ``rows`` in order of time, in a new folder that is removed when this process ends.

    Args:
        file: that they are from, for errors.
        rows: in the order of the file.
        share: of the file that has been read.
        told: how far it is.

    Raises:
        TransactionFileError: a row is refused, or the temporary folder has no room.
    """
    try:
        folder = _Folder(Path(tempfile.mkdtemp(prefix=PREFIX)))
        _remove_forsaken(folder.path)
    except OSError as error:
        raise _no_room(file, error) from error
    try:
        names = _write_runs(rows, folder.path, share, told)
    except OSError as error:
        folder.remove()
        raise _no_room(file, error) from error
    except BaseException:
        folder.remove()
        raise
    told(1.0)
    return Sorted(folder.path, names)


class _Folder:
    """A temporary folder that is locked while its process lives, and removed when that ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.remove = weakref.finalize(self, _remove, path, _lock(path))
        _KEPT.append(self)
        for old in _KEPT[:-KEPT]:
            old.remove()
        del _KEPT[:-KEPT]


_KEPT: list[_Folder] = []
"""The latest, until the process ends."""


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    with contextlib.suppress(HeldError, OSError):
        hold(descriptor)
    return descriptor


def _remove(path: Path, lock: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.close(lock)


def _remove_forsaken(ours: Path) -> None:
    """Remove the folders beside ``ours`` of processes that were killed before they could do it."""
    before_s = ours.stat().st_mtime - YOUNG_S
    for each in ours.parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if each.stat().st_mtime < before_s and not is_held(each):
                shutil.rmtree(each, ignore_errors=True)


def _write_runs(rows: Iterator[Rows], folder: Path, share: Callable[[], float], told: Told) -> list[str]:
    """Write the runs of ``rows``, few enough to be merged at once; return the names of the columns."""
    names: list[str] = []
    runs: list[Run] = []
    waiting: list[pl.DataFrame] = []
    for each in rows:
        names = each.raw.columns
        waiting.append(_keyed(each))
        if sum(map(len, waiting)) >= RUN_ROWS:
            runs.append(_written(iter([pl.concat(waiting).sort(_KEY)]), folder, len(runs)))
            waiting = []
        told(share())
    if waiting:
        runs.append(_written(iter([pl.concat(waiting).sort(_KEY)]), folder, len(runs)))
    number = len(runs)
    while len(runs) > RUNS_AT_ONCE:
        some, runs = runs[:RUNS_AT_ONCE], runs[RUNS_AT_ONCE:]
        runs.append(_written(_merged(some), folder, number))
        for run in some:
            run.remove()
        number += 1
    return names


def _keyed(rows: Rows) -> pl.DataFrame:
    columns = [_plain(column).alias(str(number)) for number, column in enumerate(rows.raw.iter_columns())]
    return pl.DataFrame([rows.times.alias(_US), rows.rows.alias(_ROW), *columns])


def _plain(column: pl.Series) -> pl.Series:
    """Return ``column``; categories, which differ from frame to frame, as their texts."""
    return column.cast(pl.String) if isinstance(column.dtype, (pl.Categorical, pl.Enum)) else column


def _written(frames: Iterator[pl.DataFrame], folder: Path, number: int) -> Run:
    place = folder / f"{number:06}"
    place.mkdir()
    parts: list[Path] = []
    for frame in frames:
        for start in range(0, len(frame), PART_ROWS):
            buffer = io.BytesIO()  # a full disk is told by the system then, not by the library
            frame.slice(start, PART_ROWS).write_ipc(buffer, compression="lz4")
            parts.append(place / f"{len(parts):06}")
            parts[-1].write_bytes(buffer.getbuffer())
    return Run(parts)


def _merged(runs: Sequence[Run]) -> Iterator[pl.DataFrame]:
    """Yield the rows of ``runs`` in order: in each step all that no part still to be read can come before."""
    coming = [iter(run.parts) for run in runs]
    heads = [_next(parts) for parts in coming]
    while any(head is not None for head in heads):
        limit = min(_last(head) for head in heads if head is not None)
        taken = []
        for number, head in enumerate(heads):
            if head is None:
                continue
            count = _count(head, limit)
            taken.append(head.head(count))
            heads[number] = head.slice(count) if count < len(head) else _next(coming[number])
        yield pl.concat(taken).sort(_KEY)


def _next(parts: Iterator[Path]) -> pl.DataFrame | None:
    part = next(parts, None)
    return None if part is None else pl.read_ipc(io.BytesIO(part.read_bytes()))


def _last(head: pl.DataFrame) -> tuple[int, int]:
    return head[_US].item(-1), head[_ROW].item(-1)


def _count(head: pl.DataFrame, limit: tuple[int, int]) -> int:
    """Return how many rows of ``head`` are not after ``limit``."""
    us, row = limit
    start = int(head[_US].search_sorted(us, "left"))
    stop = int(head[_US].search_sorted(us, "right"))
    return start + int(head[_ROW].slice(start, stop - start).search_sorted(row, "right"))


def _no_room(file: Path, error: OSError) -> Exception:
    reason = error.strerror or str(error)
    place = Path(os.environ.get("TMPDIR", tempfile.gettempdir()))
    text = f"cannot be sorted: the temporary folder {place} cannot take it ({reason})"
    return problem(file, f"{text}; free some room there, or name another folder in TMPDIR")


_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - times as they stand in a file
_SUNDAY = 6
_AUTUMN = (3, 4, 10, 11)  # months in which clocks go back, south and north
_NIGHT_ENDS = 4  # they do so before that hour


def out_of_order(times: pl.Series, latest_us: int, *, local: bool) -> Break | None:
    """Return the first row earlier than the one before it.

    Args:
        times: microseconds since the Unix epoch.
        latest_us: the time before the first row.
        local: the file has times without an offset, taken as they stand.
    """
    before = times.shift(1, fill_value=latest_us)
    late = times < before
    if not late.any():
        return None
    index = late.arg_max() or 0
    from_us, to_us = int(before.item(index)), int(times.item(index))
    fall = f"times must never fall from row to row, but this one is {_span(from_us - to_us)} before the row above"
    if local and _clocks_went_back(from_us, to_us):
        why = "in a night in which clocks go back, when times without an offset come twice"
        return Break(index, f"{fall}, {why}; write the times with their offsets, or in UTC")
    return Break(index, f"{fall}; write events.sort: true to have the rows sorted by time, or sort the file")


def repeated(ids: pl.Series, rows: pl.Series, where: Callable[[int], str]) -> tuple[int, str] | None:
    """Return (row, text) of the first id that occurred before, or None when each is unique; ``where`` words a row."""
    again = ~ids.is_first_distinct()
    if not again.any():
        return None
    index = again.arg_max() or 0
    earlier = rows.item((ids == ids.item(index)).arg_max() or 0)
    text = f"ids must be unique, but {shown(ids.item(index))} is also in {where(earlier)}"
    return rows.item(index), f"{text}; drop one, or leave out events.columns.id to number the rows instead"


def _clocks_went_back(from_us: int, to_us: int) -> bool:
    """Return whether a fall looks like a local clock's in autumn: about an hour, on a Sunday before dawn."""
    moment = _EPOCH + dt.timedelta(microseconds=from_us)
    return (
        US_PER_HOUR // 2 < from_us - to_us <= US_PER_HOUR
        and moment.weekday() == _SUNDAY
        and moment.month in _AUTUMN
        and moment.hour < _NIGHT_ENDS
    )


def _span(span_us: int) -> str:
    """Return a span as days, hours, minutes and seconds."""
    return str(dt.timedelta(microseconds=span_us))
