"""Laws of the time sheet: what is counted late is counted as if it had been at once."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.arrays import I64
from actors.core.batches import ASSEMBLED, ASSEMBLY_START, ENOUGH, FEW, SENT, TOGETHER, Track
from actors.telemetry.histogram import Histogram, hdr_of
from actors.telemetry.stages import StageRecorder, StageSpan

INSTANT = st.integers(0, 10**12)
BATCH = st.tuples(st.lists(INSTANT, min_size=1, max_size=2 * FEW), INSTANT, INSTANT, st.booleans())


def tracks_sent(sent_ns: list[int]) -> I64:
    """Return the track of a batch whose transactions were sent at these instants."""
    track = np.full((len(sent_ns), len(Track)), -1, dtype=np.int64)
    track[:, SENT] = sent_ns
    return track


@given(st.lists(BATCH, max_size=12), st.integers(1, 3))
def test_every_reading_is_that_of_counting_one_by_one(
    batches: list[tuple[list[int], int, int, bool]], copies: int
) -> None:
    """Whenever a histogram is read it holds all that was booked, value by value, whatever the sizes of batches."""
    waiting, working, expected_waiting, expected_working = (Histogram() for _ in range(4))
    spans = (StageSpan(waiting, SENT, ASSEMBLY_START), StageSpan(working, ASSEMBLY_START, ASSEMBLED))
    recorder = StageRecorder(ASSEMBLY_START, spans)
    for sent_ns, started_ns, ended_ns, read in batches * copies:
        recorder.record(tracks_sent(sent_ns), started_ns, ended_ns)
        for at_ns in sent_ns:
            expected_waiting.record_span((started_ns - at_ns) // 1_000, 1)
            expected_working.record_span((ended_ns - started_ns) // 1_000, 1)
        if read:
            assert working.counts() == expected_working.counts()
            assert waiting.counts() == expected_waiting.counts()
    assert waiting.counts() == expected_waiting.counts()
    assert working.counts() == expected_working.counts()


@given(BATCH)
def test_both_instants_are_on_every_row_at_once_and_nowhere_else(batch: tuple[list[int], int, int, bool]) -> None:
    """Whoever gets the batch next may read them before anything is counted."""
    sent_ns, started_ns, ended_ns, _ = batch
    track, before = tracks_sent(sent_ns), tracks_sent(sent_ns)
    StageRecorder(ASSEMBLY_START, ()).record(track, started_ns, ended_ns)
    assert (track[:, [ASSEMBLY_START, ASSEMBLED]] == [started_ns, ended_ns]).all()
    written = [ASSEMBLY_START, ASSEMBLED]
    assert (np.delete(track, written, axis=1) == np.delete(before, written, axis=1)).all()


@pytest.mark.parametrize(
    "read",
    [
        lambda histogram: histogram.count,
        lambda histogram: histogram.counts().total,
        lambda histogram: hdr_of(histogram.counts()).get_total_count(),
        lambda histogram: histogram.mean_us,
        lambda histogram: histogram.max_us,
        lambda histogram: histogram.percentile(50.0),
    ],
)
def test_no_way_of_reading_misses_what_is_kept(read: Callable[[Histogram], float | None]) -> None:
    """Count, mean, maximum, percentile and copies all include a batch booked just before."""
    histogram = Histogram()
    StageRecorder(ASSEMBLY_START, (StageSpan(histogram, SENT, ASSEMBLY_START),)).record(
        tracks_sent([1_000]), 2_000, 3_000
    )
    assert read(histogram) == 1


def test_values_beyond_the_range_are_seen_before_anything_else_is_read() -> None:
    """A span of more than an hour counts as beyond although it was only kept."""
    histogram = Histogram()
    StageRecorder(ASSEMBLY_START, (StageSpan(histogram, SENT, ASSEMBLY_START),)).record(
        tracks_sent([0]), 4 * 10**12, 5 * 10**12
    )
    assert histogram.beyond == 1


def test_what_waits_to_be_counted_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads, and yet small batches are counted by the 256, and a large one at once."""
    counted: list[int] = []
    monkeypatch.setattr(Histogram, "record", lambda _, values_us: counted.append(len(values_us)))
    recorder = StageRecorder(ASSEMBLY_START, (StageSpan(Histogram(), SENT, ASSEMBLY_START),))
    for _ in range(TOGETHER):
        recorder.record(tracks_sent([1_000]), 2_000, 3_000)
    recorder.record(tracks_sent([1_000]), 2_000, 3_000)
    recorder.record(tracks_sent([1_000] * ENOUGH), 2_000, 3_000)
    assert counted == [TOGETHER, 1 + ENOUGH]
