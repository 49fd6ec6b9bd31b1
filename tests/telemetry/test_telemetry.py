"""What the actors write is what a snapshot reads."""

import gc

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.core.batches import Mode
from actors.core.clock import RealClock
from actors.telemetry.counters import GcCounts, GcPauses
from actors.telemetry.drift import FEATURE_BUFFER, SCORE_BINS, FeatureSampler, ScoreHistogram
from actors.telemetry.snapshot import AlertReading, Gauges, Quality, Snapshot
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from tests.support.actors.telemetry import EVEN, decide, gauges, reference, snapshot

BATCHES = st.lists(st.integers(0, 700), max_size=12)


@given(BATCHES, st.integers(1, 9))
def test_which_rows_are_sampled_does_not_depend_on_the_batches(sizes: list[int], stride: int) -> None:
    """Every ``stride``-th row of the stream is taken, wherever batches begin and end."""
    rows = np.linspace(0, 1, 2 * sum(sizes), dtype=np.float32).reshape(-1, 2)
    cut, whole = FeatureSampler(reference(), stride), FeatureSampler(reference(), stride)
    for batch in np.split(rows, np.cumsum(sizes)):
        cut.add(batch)
    whole.add(rows)
    assert cut.counts() == whole.counts()
    sampled = len(rows[::stride])
    assert cut.counts().rows == sampled - sampled % FEATURE_BUFFER


@given(st.lists(st.floats(-0.5, 1.5) | st.just(float("nan")), max_size=60), st.integers(1, 60))
def test_scores_are_counted_alike_in_any_batch(scores: list[float], size: int) -> None:
    """Batches of any size give one histogram: NaN left out, what is out of range in the bin at that end."""
    at_once, cut = ScoreHistogram(), ScoreHistogram()
    values = np.array(scores, dtype=np.float64)
    at_once.add(values)
    for begin in range(0, len(values), size):
        cut.add(values[begin : begin + size])
    known = values[~np.isnan(values)]
    counts = at_once.counts()
    assert counts.bins == cut.counts().bins
    assert counts.total == cut.counts().total == len(known) == sum(counts.bins)
    np.testing.assert_allclose([counts.sum, cut.counts().sum], known.sum(), rtol=1e-12)


def test_the_highest_score_is_in_the_last_bin() -> None:
    """1.0 is a score like any other."""
    scores = ScoreHistogram()
    scores.add(np.array([0.0, 1.0]))
    scores.add(np.concatenate([np.zeros(40), np.ones(40)]))
    assert scores.counts().bins == (41, *[0] * (SCORE_BINS - 2), 41)


def busy_telemetry() -> Telemetry:
    """One that has something of everything."""
    telemetry = Telemetry(reference(), started_ns=5, feature_stride=1)
    decide(telemetry, 300)
    telemetry.observe_scores(EVEN)
    telemetry.observe_features(np.stack([EVEN, EVEN], axis=1).astype(np.float32))
    telemetry.busy("scorer", 2_000, 256)
    telemetry.busy("scorer", 1_000, 44)
    telemetry.counters.store_lookups += 3
    telemetry.ledger.dead_letter("not_json", 1)
    return telemetry


def test_a_snapshot_survives_a_pipe() -> None:
    """It is encoded and decoded without loss, in a few kilobytes."""
    full = busy_telemetry().snapshot(7, gauges(unsent=3, depth=5), 123, Quality(labelled=9, recall=0.5))
    full = msgspec.structs.replace(full, alerts=(AlertReading("A", "page", "firing", 3),))
    for codec in (msgspec.msgpack, msgspec.json):
        encoded = codec.encode(full)
        assert codec.decode(encoded, type=Snapshot) == full
        assert len(encoded) < 8_000
    assert len(msgspec.msgpack.encode(full.light())) < 3_000


def test_a_snapshot_stays_as_it_was_read() -> None:
    """Later recording does not reach it."""
    telemetry = busy_telemetry()
    before = snapshot(telemetry, 1)
    copy = msgspec.msgpack.encode(before)
    telemetry.observe_features(np.ones((FEATURE_BUFFER, 2), dtype=np.float32))
    telemetry.busy("scorer", 1, 1)
    telemetry.busy("logger", 1, 1)
    telemetry.counters.store_lookups += 1
    telemetry.ledger.dead_letter("poison", 1)
    decide(telemetry, 10)
    telemetry.observe_scores(EVEN)
    assert msgspec.msgpack.encode(before) == copy
    assert snapshot(telemetry, 1) != before


def test_absorbed_snapshots_add_up() -> None:
    """What two processes counted, absorbed reading by reading, is what one that did all of it would have counted."""
    here, at_once, others = (
        Telemetry(reference(), feature_stride=1),
        busy_telemetry(),
        [busy_telemetry() for _ in range(2)],
    )
    last: list[Snapshot | None] = [None, None]
    for round_ in range(3):
        for index, other in enumerate(others):
            other.stages[Stage.PARSE].record_span(10 * (round_ + 1) + index, 3)
            newer = snapshot(other, round_)
            here.absorb(newer, last[index], (Stage.PARSE, Stage.LATENCY))
            last[index] = newer
            at_once.stages[Stage.PARSE].record_span(10 * (round_ + 1) + index, 3)
    decide(at_once, 300)
    found, wanted = snapshot(here, 3), snapshot(at_once, 3)
    for stage in (Stage.PARSE, Stage.LATENCY):
        assert found.stages[stage].arrays[1].tolist() == wanted.stages[stage].arrays[1].tolist()
        assert (found.stages[stage].sum_us, found.stages[stage].max_us) == (
            wanted.stages[stage].sum_us,
            wanted.stages[stage].max_us,
        )
    assert found.counters.store_lookups == 6
    assert found.work["scorer"].rows == 600
    assert found.scores.total == 2 * last_scores(others[0])
    assert found.features.rows == 2 * snapshot(others[0], 3).features.rows
    assert found.ledger.decided == 0


def last_scores(telemetry: Telemetry) -> int:
    """Return how many scores it has counted."""
    return snapshot(telemetry, 3).scores.total


def test_what_happens_once_in_a_run_is_not_absorbed() -> None:
    """Three workers that each swap the model have swapped it once: whoever asked them to counts that."""
    here, other = Telemetry(reference()), Telemetry(reference())
    other.counters.model_swaps += 1
    other.counters.restarts += 1
    here.absorb(snapshot(other, 1), None, ())
    assert here.counters.model_swaps == 0
    assert here.counters.restarts == 1


def test_a_snapshot_says_whether_the_books_balance() -> None:
    """It has the equations that do not hold, in words."""
    telemetry = Telemetry()
    telemetry.ledger.offer(2)
    assert snapshot(telemetry, 1, gauges(unsent=2)).ledger.imbalances == ()
    assert snapshot(telemetry, 1, gauges(unsent=1)).ledger.imbalances == ("offered = unsent + produced: 2 ≠ 1, 1 lost",)


def test_without_a_reference_no_features_are_sampled() -> None:
    """A pipeline without a model measures no drift and does not mind."""
    telemetry = Telemetry()
    telemetry.observe_features(np.zeros((10, 3), dtype=np.float32))
    assert snapshot(telemetry, 1).features.rows == 0


def test_garbage_collections_are_counted_between_start_and_stop() -> None:
    """Each collection is one pause; before the start and after the stop nothing is counted."""
    telemetry = Telemetry()
    pauses = telemetry.gc_pauses = GcPauses(RealClock())
    gc.collect()
    assert telemetry.snapshot(1, Gauges()).gc == GcCounts()
    enabled = gc.isenabled()
    gc.disable()
    try:
        pauses.start()
        pauses.start()
        gc.collect()
        gc.collect()
        pauses.stop()
        pauses.stop()
        gc.collect()
    finally:
        if enabled:
            gc.enable()
    counts = telemetry.snapshot(1, Gauges()).gc
    assert counts.pauses == 2
    assert 0 < counts.longest_ns <= counts.total_ns


@given(st.lists(st.sampled_from([Mode.FULL, Mode.STALE, Mode.REALTIME_ONLY]), max_size=300))
def test_rows_are_counted_by_what_their_features_allow(modes: list[Mode]) -> None:
    """Every row needed batch features; some got none, some got old ones."""
    telemetry = Telemetry()
    telemetry.observe_rows(np.array(modes, dtype=np.uint8))
    assert telemetry.counters.store_rows == len(modes)
    assert telemetry.counters.store_missing_rows == modes.count(Mode.REALTIME_ONLY)
    assert telemetry.counters.store_stale_rows == modes.count(Mode.STALE)
