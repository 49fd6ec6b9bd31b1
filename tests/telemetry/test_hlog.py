"""The latency log is one that HdrHistogram's own reader reads."""

import gc
import io
from pathlib import Path

import numpy as np
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from actors.core.clock import NS_PER_S
from actors.telemetry.histogram import hdr_of
from actors.telemetry.histogram_counts import HIGHEST_US
from actors.telemetry.latency_log import LatencyLog
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from actors.telemetry.window import Window
from tests.support.actors.telemetry import snapshot


def test_the_log_read_back_is_what_was_recorded(tmp_path: Path) -> None:
    """Interval by interval and tag by tag, and added up it is the whole run's histogram, to the last counter."""
    path = tmp_path / "latency.hlog"
    telemetry = Telemetry(started_ns=3 * NS_PER_S)
    values = np.random.default_rng(7).lognormal(7, 1.5, (5, 400)).astype(np.int64)
    with path.open("w", encoding="utf-8") as file:
        log = LatencyLog(file, started_epoch_s=1_700_000_000.0)
        for second, batch in enumerate(values):
            telemetry.stages[Stage.LATENCY].record(batch)
            telemetry.stages[Stage.INFERENCE].record(batch[: 100 * second])
            at = snapshot(telemetry, 4 + second)
            log(at, Window(at, at))
        log.finish(at)

    total = HdrHistogram(1, HIGHEST_US, 3)
    intervals: dict[str, list[tuple[float, float, int]]] = {}
    reader = HistogramLogReader(str(path), total)
    while (interval := reader.get_next_interval_histogram()) is not None:
        begin_s = interval.get_start_time_stamp() / 1_000 - 1_700_000_000
        end_s = interval.get_end_time_stamp() / 1_000 - 1_700_000_000
        intervals.setdefault(interval.get_tag(), []).append((begin_s, end_s, interval.get_total_count()))
        if interval.get_tag() == "latency":
            total.add(interval)
    reader.close()

    assert intervals == {
        "latency": [(second, second + 1, 400) for second in range(5)],
        "inference": [(second, second + 1, 100 * second) for second in range(1, 5)],
    }
    assert list(total.counts) == list(hdr_of(telemetry.stages[Stage.LATENCY].counts()).counts)


def test_the_largest_of_an_interval_is_exact(tmp_path: Path) -> None:
    """Each line has the maximum of its own interval, to the microsecond, also beyond the histogram's end."""
    path = tmp_path / "latency.hlog"
    telemetry = Telemetry()
    largest = [9_123_457, 3, 5 * HIGHEST_US + 1]
    with path.open("w", encoding="utf-8") as file:
        log = LatencyLog(file)
        for second, value in enumerate(largest, start=1):
            telemetry.stages[Stage.LATENCY].record_span(value, 2)
            at = snapshot(telemetry, second)
            log(at, Window(at, at))
        log.finish(at)
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("Tag=")]
    assert [float(line.split(",")[3]) for line in lines] == largest


def test_the_same_run_writes_the_same_file(tmp_path: Path) -> None:
    """Without a wall-clock start the file holds nothing that changes from run to run."""
    texts = []
    for run in range(2):
        path = tmp_path / f"{run}.hlog"
        with path.open("w", encoding="utf-8") as file:
            telemetry = Telemetry()
            telemetry.stages[Stage.LOG].record_span(5, 9)
            LatencyLog(file).finish(snapshot(telemetry, 1))
        texts.append(path.read_text(encoding="utf-8"))
    assert texts[0] == texts[1]
    assert texts[0].startswith("#[Histogram log format version 1.2]\n")


def test_a_long_log_takes_no_more_memory_than_a_short_one() -> None:
    """However many lines: one histogram of the package is alive, with the collector off."""
    telemetry, log = Telemetry(), LatencyLog(io.StringIO())
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(each, HdrHistogram) for each in gc.get_objects())
        for second in range(1, 20):
            telemetry.stages[Stage.LATENCY].record_span(5, 9)
            log.finish(snapshot(telemetry, second))
        assert sum(isinstance(each, HdrHistogram) for each in gc.get_objects()) == before
    finally:
        gc.enable()
