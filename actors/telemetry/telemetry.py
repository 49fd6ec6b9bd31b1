"""The live object that the actors write into. It is read only through `snapshot`."""

from collections.abc import Sequence
from math import isnan

import numpy as np

from actors.arrays import F32, F64, I64, U8
from actors.messages import Decision, Mode
from actors.telemetry.gc_pauses import GcPauses
from actors.telemetry.histogram import Histogram
from actors.telemetry.ledger import Ledger
from actors.telemetry.reference import FeatureBinner, Reference
from actors.telemetry.snapshot import (
    Counters,
    FeatureCounts,
    Gauges,
    GcCounts,
    Quality,
    ScoreCounts,
    Snapshot,
    Work,
)
from actors.telemetry.stages import Stage

SCORE_BINS = 50
FEATURE_STRIDE = 8  # every 8th row: 1,250 in 10 s at 1,000/s, where a PSI's noise is a twentieth of its alarm
FEATURE_BUFFER = 256  # rows counted at once: one call each would cost 30 times as much a row

_FEW = 32  # below this many rows a Python loop is faster than array operations
_KINDS = len(Decision)  # len() of an enum costs as much as counting a decision
_CELLS = len(Mode) * _KINDS
_STALE, _REALTIME_ONLY = int(Mode.STALE), int(Mode.REALTIME_ONLY)
_FULL_ROW = bytes([Mode.FULL])


class Telemetry:
    """Counts since the start of the run, written by the actors on the event loop, never by another thread.

    Attributes:
        ledger: the books.
        stages: a latency histogram each.
        store_lookups: look-ups of a batch, one each, however often they were tried.
        store_errors: those of them that failed or timed out, or that the open breaker refused.
        store_calls: what the feature store was asked: none for a look-up that the breaker refused, one more a retry.
        store_rows: transactions that needed batch features, failed look-ups included.
        store_cached_rows: those of them that the cache answered, card and merchant, when their look-up had failed.
        store_missing_rows: those of them that got none, for whatever reason.
        store_stale_rows: those of them that got features past their limit.
        shed_rows: transactions decided by `rules` to relieve a full mailbox.
        deadline_rows: transactions decided by `rules` because the deadline would have been missed.
        model_errors: batches that could not be scored.
        model_swaps: serving models replaced; counted by `follow`.
        model_refusals: models that were to serve and did not prove themselves.
        restarts: actors restarted.
        refreshes: batch tables published.
        refresh_failures: batch tables computed and not published.
        breaker_trips: times the feature store's breaker opened.
        gc_pauses: started and stopped by the run; None where collections are not counted.

    Args:
        reference: what the serving model was trained on; None without a model: no drift is measured.
        started_ns: the start of the run on its clock.
        feature_stride: every how many rows one is sampled for drift.
    """

    def __init__(
        self, reference: Reference | None = None, started_ns: int = 0, feature_stride: int = FEATURE_STRIDE
    ) -> None:
        self.started_ns = started_ns
        self._references = [reference]
        self.ledger = Ledger()
        self.stages = {stage: Histogram() for stage in Stage}
        self.store_lookups = 0
        self.store_errors = 0
        self.store_calls = 0
        self.store_rows = 0
        self.store_cached_rows = 0
        self.store_missing_rows = 0
        self.store_stale_rows = 0
        self.shed_rows = 0
        self.deadline_rows = 0
        self.model_errors = 0
        self.model_refusals = 0
        self.restarts = 0
        self.refreshes = 0
        self.refresh_failures = 0
        self.breaker_trips = 0
        self.gc_pauses: GcPauses | None = None
        self._work: dict[str, list[int]] = {}
        self._decisions = [0] * _CELLS
        self._scores = ScoreHistogram()
        self._stride = feature_stride
        self._sampler = None if reference is None else FeatureSampler(reference, feature_stride)

    @property
    def reference(self) -> Reference | None:
        """What the model that serves now was trained on."""
        return self._references[-1]

    @property
    def model_swaps(self) -> int:
        """How often the serving model was replaced."""
        return len(self._references) - 1

    def reference_of(self, snapshot: Snapshot) -> Reference | None:
        """Return what the model that served at ``snapshot`` was trained on."""
        return self._references[snapshot.counters.model_swaps]

    def follow(self, reference: Reference) -> None:
        """Measure drift against ``reference`` from now on: a model trained on it has begun to serve.

        Sampled features are counted anew, since its bins are others.
        """
        self._references.append(reference)
        self._sampler = FeatureSampler(reference, self._stride)

    def busy(self, actor: str, ns: int, rows: int) -> None:
        """Count one batch of ``rows`` that kept ``actor`` busy for ``ns``."""
        work = self._work.get(actor)
        if work is None:
            work = self._work[actor] = [0, 0, 0]
        work[0] += ns
        work[1] += 1
        work[2] += rows

    def observe_scores(self, scores: F64) -> None:
        """Count model scores in [0, 1], float64 (n,); NaN, where no model scored, is left out."""
        self._scores.add(scores)

    def observe_decisions(self, decision: U8, mode: U8) -> None:
        """Count decisions by mode; both uint8 (n,). The ledger's ``decide`` is called apart."""
        cells = self._decisions
        if len(decision) == 1:
            cells[mode.item() * _KINDS + decision.item()] += 1
            return
        if len(decision) < _FEW:
            for kind, rung in zip(decision.tolist(), mode.tolist(), strict=True):
                cells[rung * _KINDS + kind] += 1
            return
        flat = np.bincount(mode.astype(np.int64) * _KINDS + decision, minlength=_CELLS)
        for cell, count in enumerate(flat.tolist()):
            cells[cell] += count

    def decision_count(self, kind: Decision) -> int:
        """Return how many decisions of one kind were made, in any mode."""
        return sum(self._decisions[kind::_KINDS])

    def observe_rows(self, mode: U8) -> None:
        """Count transactions that needed batch features by the `Mode` these allow, uint8 (n,)."""
        self.store_rows += len(mode)
        rungs = mode.tobytes()  # a byte each: counted in one pass, whatever their number
        if rungs == _FULL_ROW:  # most often
            return
        self.store_missing_rows += rungs.count(_REALTIME_ONLY)
        self.store_stale_rows += rungs.count(_STALE)

    def observe_features(self, features: F32) -> None:
        """Sample feature rows, float32 (n, n_features) in manifest order, for drift."""
        if self._sampler is not None:
            self._sampler.add(features)

    def snapshot(
        self, now_ns: int, gauges: Gauges, memory_bytes: int | None = None, quality: Quality | None = None
    ) -> Snapshot:
        """Return everything at this instant. ``gauges`` must be read without an await before this call."""
        ledger = self.ledger.snapshot(gauges.waiting)
        return Snapshot(
            at_ns=now_ns,
            started_ns=self.started_ns,
            ledger=ledger,
            stages={stage.value: histogram.counts() for stage, histogram in self.stages.items()},
            counters=self._counters(),
            decisions=tuple(tuple(self._decisions[at : at + _KINDS]) for at in range(0, _CELLS, _KINDS)),
            scores=self._scores.counts(),
            features=FeatureCounts() if self._sampler is None else self._sampler.counts(),
            work={actor: Work(*work) for actor, work in self._work.items()},
            gauges=gauges,
            gc=GcCounts() if self.gc_pauses is None else self.gc_pauses.counts(),
            memory_bytes=memory_bytes,
            imbalances=tuple(map(str, ledger.imbalances())),
            quality=quality,
        )

    def _counters(self) -> Counters:
        return Counters(
            store_lookups=self.store_lookups,
            store_errors=self.store_errors,
            store_calls=self.store_calls,
            store_rows=self.store_rows,
            store_cached_rows=self.store_cached_rows,
            store_missing_rows=self.store_missing_rows,
            store_stale_rows=self.store_stale_rows,
            shed_rows=self.shed_rows,
            deadline_rows=self.deadline_rows,
            model_errors=self.model_errors,
            model_swaps=self.model_swaps,
            model_refusals=self.model_refusals,
            restarts=self.restarts,
            refreshes=self.refreshes,
            refresh_failures=self.refresh_failures,
            breaker_trips=self.breaker_trips,
        )


class ScoreHistogram:
    """Model scores in equal bins over [0, 1]."""

    def __init__(self) -> None:
        self._bins: I64 = np.zeros(SCORE_BINS, dtype=np.int64)
        self._cells = self._bins.data  # one counter through it costs a third of one through the array
        self._total = 0
        self._sum = 0.0

    def add(self, scores: F64) -> None:
        """Count scores, float64 (n,), leaving NaN out."""
        if len(scores) < _FEW:
            self._add_list([score for score in scores.tolist() if not isnan(score)])
            return
        scored = scores[~np.isnan(scores)]
        at = np.clip(scored * SCORE_BINS, 0, SCORE_BINS - 1).astype(np.int64)
        self._bins += np.bincount(at, minlength=SCORE_BINS)
        self._total += len(scored)
        self._sum += float(scored.sum())

    def _add_list(self, scores: Sequence[float]) -> None:
        for score in scores:
            at = int(score * SCORE_BINS) if 0.0 <= score < 1.0 else (SCORE_BINS - 1) * (score > 0.0)
            self._cells[at] += 1
        self._total += len(scores)
        self._sum += sum(scores)

    def counts(self) -> ScoreCounts:
        """Return the bins as a frozen value."""
        return ScoreCounts(tuple(self._bins.tolist()), self._total, self._sum)


class FeatureSampler:
    """Takes every ``stride``-th row, wherever batches begin and end, and counts it into the reference bins.

    Rows wait in a buffer until it is full, so a snapshot may be up to ``FEATURE_BUFFER`` sampled rows behind.
    """

    def __init__(self, reference: Reference, stride: int) -> None:
        self._binner = FeatureBinner(list(reference.features.values()))
        self._stride = stride
        self._skip = 0  # rows to pass over before the next sample
        self._rows: F32 = np.empty((FEATURE_BUFFER, len(reference.features)), dtype=np.float32)
        self._filled = 0
        self._total = 0

    def add(self, features: F32) -> None:
        """Sample from ``features``, float32 (n, n_features)."""
        count = len(features)
        if self._skip >= count:
            self._skip -= count
            return
        sampled = features[self._skip :: self._stride]
        self._skip = (self._skip - count) % self._stride
        while len(sampled):
            room = FEATURE_BUFFER - self._filled
            part, sampled = sampled[:room], sampled[room:]
            self._rows[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            if self._filled == FEATURE_BUFFER:
                self._count()

    def _count(self) -> None:
        self._binner.add(self._rows[: self._filled])
        self._total += self._filled
        self._filled = 0

    def counts(self) -> FeatureCounts:
        """Return what has been counted so far."""
        return FeatureCounts(self._total, self._binner.bin_count, self._binner.counts.astype("<i8").tobytes())
