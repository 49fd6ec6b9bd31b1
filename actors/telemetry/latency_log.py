"""The latency log: HdrHistogram's own log format, so that its viewers and tools read what a run measured."""

from collections import deque
from typing import NamedTuple, Protocol

from hdrh.log import HistogramLogWriter

from actors.core.clock import NS_PER_S
from actors.telemetry.histogram import fill_hdr, hdr_of
from actors.telemetry.histogram_counts import HistogramCounts
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.window import Window

INTERVAL_S = 1.0
LINES_PER_TICK = 3  # encoding one takes about 0.2 ms; a dozen at once would be a pause that the log itself measures


class Writable(Protocol):
    """A text file, as far as a log needs one."""

    def write(self, text: str, /) -> int:
        """Append ``text``."""
        ...


class LatencyLog:
    """Writes an interval histogram a stage (as its tag) for each interval. A listener of the monitor.

    Stages without values in an interval are left out. Times are seconds since the start of the run. Interval_Max is
    exact, and may be beyond the hour at which the histogram itself ends.

    Args:
        file: opened for writing text; the owner closes it.
        started_epoch_s: the start of the run in seconds since the Unix epoch; 0 on a virtual clock, so that the file
            is the same each time.
        interval_s: how much one histogram covers; a run of hours wants minutes here, a line takes about 0.5 kB.
    """

    def __init__(self, file: Writable, started_epoch_s: float = 0.0, interval_s: float = INTERVAL_S) -> None:
        self._file = file
        self._writer = HistogramLogWriter(file)
        self._hdr = hdr_of(HistogramCounts())
        self._interval_ns = round(interval_s * NS_PER_S)
        self._since_ns: int | None = None
        self._older: dict[str, HistogramCounts] = {}
        self._due: deque[_Interval] = deque()
        self._writer.output_log_format_version()
        self._writer.output_comment("[Latency in microseconds, Interval_Max too; one tag a stage]")
        # Not by output_start_time, which raises in every released version of the package.
        self._writer.output_comment(f"[StartTime: {started_epoch_s:.3f} (seconds since epoch)]")
        self._writer.output_legend()

    def __call__(self, snapshot: Snapshot, _window: Window) -> None:
        """Take in a tick: close the interval when it is over, and write a few of the lines that are due."""
        if snapshot.at_ns - self._begin_ns(snapshot) >= self._interval_ns:
            self._close_interval(snapshot)
        for _ in range(min(LINES_PER_TICK, len(self._due))):
            self._write(self._due.popleft())

    def finish(self, last: Snapshot) -> None:
        """Write all that is due and the rest of the run up to ``last``; the file stays open."""
        self._close_interval(last)
        while self._due:
            self._write(self._due.popleft())

    def _begin_ns(self, snapshot: Snapshot) -> int:
        return snapshot.started_ns if self._since_ns is None else self._since_ns

    def _close_interval(self, snapshot: Snapshot) -> None:
        begin_s, end_s = (
            (at_ns - snapshot.started_ns) / NS_PER_S for at_ns in (self._begin_ns(snapshot), snapshot.at_ns)
        )
        for stage, newer in snapshot.stages.items():
            self._due.append(_Interval(stage, begin_s, end_s, self._older.get(stage, HistogramCounts()), newer))
        self._since_ns, self._older = snapshot.at_ns, snapshot.stages

    def _write(self, line: "_Interval") -> None:
        counts = line.newer.since(line.older)
        if counts.total:
            fill_hdr(self._hdr, counts)
            span = f"{line.begin_s:f},{line.end_s - line.begin_s:f}"
            encoded = self._hdr.encode().decode()
            # Not by the package's writer, which knows no exact maximum but the top of a counter.
            self._file.write(f"Tag={line.stage},{span},{counts.max_us:.1f},{encoded}\n")


class _Interval(NamedTuple):
    stage: str
    begin_s: float
    end_s: float
    older: HistogramCounts
    newer: HistogramCounts
