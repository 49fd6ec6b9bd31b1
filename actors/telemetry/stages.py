"""Stages: where a transaction's time passes, what each is promised to take, and took."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from actors.core.arrays import I64, joined
from actors.core.batches import Deferred, stamp_both
from actors.core.clock import NS_PER_US
from actors.telemetry.histogram import Histogram


class Stage(StrEnum):
    """One histogram each, in microseconds. The value names the stage in metrics, logs and the latency log."""

    LATENESS = "producer.lateness"  # intended arrival → sent
    ASSEMBLER_WAITING = "assembler.waiting"  # sent → assembly starts
    PARSE = "parse"
    STORE = "feature_store"  # one look-up of a batch, waiting included
    FEATURES = "features"
    SCORER_WAITING = "scorer.waiting"  # assembled → scoring starts
    INFERENCE = "inference"
    DECIDE = "decide"
    LOGGER_WAITING = "logger.waiting"  # decided → logging starts
    LOG = "log"
    LATENCY = "latency"  # intended arrival → decision
    LOGGED = "logged"  # decision → logged
    COMMITTED = "committed"  # intended arrival → seen by a reader of committed decisions; counted on a stream only


BUDGET_P50_US: dict[Stage, int] = {  # the promise of 10 ms at the median, shared out; what is left is waiting
    Stage.PARSE: 500,
    Stage.STORE: 2_000,
    Stage.INFERENCE: 5_000,
    Stage.DECIDE: 1_000,
    Stage.LATENCY: 10_000,
}

TARGET_P95_US: dict[Stage, int] = {Stage.LATENCY: 50_000}


class StageSpan(NamedTuple):
    """What is counted of each transaction: the time between two columns of its track, in µs."""

    histogram: Histogram
    since: int
    until: int


class StageRecorder:
    """Keeps the batches an actor is done with until their times are counted.

    A histogram is asked for a few times a second, and told of each batch. So small batches wait until there are enough,
    or until any of the histograms is read: no reading misses one.

    Args:
        start: column for the instant at which work on a batch began; the next one is for its end.
        spans: what is counted. Their columns must have been written for good when a batch is recorded.
    """

    def __init__(self, start: int, spans: Sequence[StageSpan]) -> None:
        self._start = start
        self._spans = spans
        self._deferred = Deferred(self._count)
        for span in spans:
            span.histogram.before_reading(self._deferred.flush)

    def record(self, track: I64, started_ns: int, ended_ns: int) -> None:
        """Write both instants for every row of ``track``, int64 (n, len(Track)), and count its spans by and by."""
        stamp_both(track, self._start, started_ns, ended_ns)
        self._deferred.add(track, len(track))

    def _count(self, tracks: list[I64]) -> None:
        track = joined(tracks)
        for histogram, since, until in self._spans:
            histogram.record((track[:, until] - track[:, since]) // NS_PER_US)
