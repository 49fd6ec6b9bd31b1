"""What the folder of a run holds, whole or as far as the run came before it was killed."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import numpy as np
from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram

from actors.core.errors import OutputError
from actors.telemetry.histogram_counts import HistogramCounts
from sim.drill.debrief import Debrief
from sim.journal import JournalEntry
from sim.report import run_folder as files
from sim.report.lock import is_held
from sim.report.series import Header, Sample, Series, read_series
from sim.report.summary import Summary, read_summary

_Document = TypeVar("_Document")
TAG = b"Tag=latency,"


@dataclass(frozen=True, slots=True)
class Interval:
    """The latencies of a stretch of a run.

    Attributes:
        begin_s: from the start of the run; so is ``end_s``.
    """

    begin_s: float
    end_s: float
    counts: HistogramCounts


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run, read from its folder.

    Attributes:
        summary: None of a run that was killed.
        series: None where none was kept.
        journal: what happened, in order.
        intervals: latencies, stretch by stretch.
        scenario: as it was run, YAML; "" where there is none; so are the next two.
        written: as it was written, comments and all.
        played: as it was changed at the screen.
        debrief: of a blind drill.
    """

    folder: Path
    summary: Summary | None
    series: Series | None
    journal: tuple[JournalEntry, ...]
    intervals: tuple[Interval, ...]
    scenario: str = ""
    written: str = ""
    played: str = ""
    debrief: Debrief | None = None

    @property
    def header(self) -> Header:
        """What was run, as the series says it."""
        return Header() if self.series is None else self.series.header

    @property
    def samples(self) -> Sequence[Sample]:
        """The course of the run."""
        return () if self.series is None else self.series.samples

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.header.scenario or "a run" if self.summary is None else self.summary.scenario

    @property
    def end_s(self) -> float:
        """How far the run came."""
        if self.summary is not None:
            return self.summary.duration_s
        last = [*(each.at_s for each in self.samples[-1:]), *(each.at_s for each in self.journal[-1:])]
        return max(last, default=0.0)

    @property
    def latency(self) -> HistogramCounts:
        """The latencies of the whole run."""
        return added(self.intervals)


def added(intervals: Sequence[Interval]) -> HistogramCounts:
    """Return the latencies of all ``intervals``; the maximum is the top of its counter."""
    total = HdrHistogram(1, 3_600_000_000, 3)
    for each in intervals:
        total.add(_hdr(each.counts))
    return _counts(total)


def check_folder(folder: Path) -> None:
    """Check that ``folder`` has a run in it, which is over.

    Raises:
        OutputError: it has none, or one that is written right now.
    """
    if not folder.is_dir():
        raise OutputError(f"{folder}: is not a folder; name one that a run has written, such as those under runs/")
    if not any((folder / name).is_file() for name in (*files.RESULTS, files.SERIES, files.JOURNAL)):
        raise OutputError(f"{folder}: is not a run's folder: it has neither {files.SUMMARY} nor {files.JOURNAL}")
    if is_held(folder):
        raise OutputError(f"{folder}: is being written right now; wait until the run has ended")


def read_run(folder: Path) -> RecordedRun:
    """Return the run in ``folder``, as far as it came.

    Raises:
        OutputError: a file in it cannot be read, or is of another version.
    """
    return RecordedRun(
        folder=folder,
        summary=read_summary(folder) if (folder / files.SUMMARY).exists() else None,
        series=read_series(folder),
        journal=tuple(_lines(folder / files.JOURNAL, JournalEntry)),
        intervals=tuple(_intervals(folder / files.LATENCY)),
        scenario=_text(folder / files.SCENARIO).decode(errors="replace"),
        written=_text(folder / files.AS_WRITTEN).decode(errors="replace"),
        played=_text(folder / files.AS_PLAYED).decode(errors="replace"),
        debrief=read_document(folder / files.DEBRIEF, Debrief),
    )


def _text(file: Path) -> bytes:
    """Return what is in ``file``; nothing where it is not.

    Raises:
        OutputError: it cannot be read.
    """
    try:
        return files.read_regular(file)[0]
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise OutputError(f"{file}: cannot be read: {error.strerror}") from error


def read_document(file: Path, kind: type[_Document]) -> _Document | None:
    """Return what is in ``file``; None where it is not.

    Raises:
        OutputError: it cannot be read, or is of another version.
    """
    text = _text(file)
    try:
        return msgspec.json.decode(text, type=kind) if text else None
    except msgspec.DecodeError as error:
        raise OutputError(f"{file}: is of another version, or no file of a run: {error}") from error


def _lines(file: Path, kind: type[_Document]) -> Iterator[_Document]:
    """Yield the lines of ``file``; one at the end that is not whole is left out."""
    decode = msgspec.json.Decoder(kind).decode
    lines = _text(file).split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            if line:
                yield decode(line)
        except msgspec.DecodeError as error:
            if number == len(lines):
                return
            raise OutputError(f"{file}:{number}: is of another version, or no line of a run: {error}") from error


_DAMAGED: Final = (IndexError, TypeError, ValueError, zlib.error, HdrCookieException, HdrLengthException)


def _intervals(file: Path) -> Iterator[Interval]:
    """Yield the latencies of all stretches; a line at the end that is not whole is left out."""
    lines = _text(file).split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.startswith(TAG):
            continue
        fields = line.removeprefix(TAG).split(b",")
        try:
            begin_s, length_s = float(fields[0]), float(fields[1])
            yield Interval(begin_s, begin_s + length_s, _counts(HdrHistogram.decode(fields[3])))
        except _DAMAGED as error:
            if number == len(lines):
                return
            raise OutputError(f"{file}:{number}: is damaged, or no line of a run") from error


def _counts(hdr: HdrHistogram) -> HistogramCounts:
    cells = np.ctypeslib.as_array(hdr.counts).astype(np.int64)
    indexes = np.flatnonzero(cells)
    total = int(cells.sum())
    peaks = ((total, int(hdr.get_max_value())),) if total else ()
    return HistogramCounts.of(indexes, cells[indexes], total, 0, 0, peaks)


def _hdr(counts: HistogramCounts) -> HdrHistogram:
    from actors.telemetry.histogram import hdr_of

    return hdr_of(counts)
