"""The live object that the actors write into. It is read only through `snapshot`."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import fields, replace
from typing import Final

from actors.core.arrays import F32, F64, U8
from actors.core.batches import Mode
from actors.telemetry.counters import ActorWork, Counters, GcCounts, GcPauses
from actors.telemetry.drift import FEATURE_STRIDE, FeatureSampler, Reference, ScoreHistogram
from actors.telemetry.histogram import Histogram
from actors.telemetry.histogram_counts import HistogramCounts
from actors.telemetry.ledger import Ledger
from actors.telemetry.snapshot import FeatureCounts, Gauges, Quality, ScoreCounts, Snapshot
from actors.telemetry.stages import Stage

OF_THE_RUN: Final = frozenset({"model_swaps", "model_refusals", "refreshes", "refresh_failures"})
"""Counters of what happens once in a run, however many pipelines it has."""

_STALE, _REALTIME_ONLY = int(Mode.STALE), int(Mode.REALTIME_ONLY)
_FULL_ROW = bytes([Mode.FULL])


class Telemetry:
    """Counts since the start of the run, written by the actors on the event loop, never by another thread.

    Attributes:
        ledger: where every transaction is.
        stages: a latency histogram each.
        counters: how often something happened; whoever sees it happen adds to them.
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
        self.counters = Counters()
        self.gc_pauses: GcPauses | None = None
        self._work: defaultdict[str, ActorWork] = defaultdict(ActorWork)
        self._scores = ScoreHistogram()
        self._stride = feature_stride
        self._sampler = None if reference is None else FeatureSampler(reference, feature_stride)

    @property
    def reference(self) -> Reference | None:
        """What the model that serves now was trained on."""
        return self._references[-1]

    def reference_of(self, snapshot: Snapshot) -> Reference | None:
        """Return what the model that served at ``snapshot`` was trained on."""
        return self._references[snapshot.counters.model_swaps]

    def follow(self, reference: Reference) -> None:
        """Measure drift against ``reference`` from now on: a model trained on it has begun to serve.

        Sampled features are counted anew, since its bins are others.
        """
        self._references.append(reference)
        self.counters.model_swaps += 1
        self._sampler = FeatureSampler(reference, self._stride)

    def busy(self, actor: str, ns: int, rows: int) -> None:
        """Count one batch of ``rows`` that kept ``actor`` busy for ``ns``."""
        work = self._work[actor]
        work.busy_ns += ns
        work.batches += 1
        work.rows += rows

    def observe_scores(self, scores: F64) -> None:
        """Count model scores in [0, 1], float64 (n,); NaN, where no model scored, is left out."""
        self._scores.add(scores)

    def observe_rows(self, mode: U8) -> None:
        """Count transactions that needed batch features by the `Mode` these allow, uint8 (n,)."""
        counters = self.counters
        counters.store_rows += len(mode)
        rungs = mode.tobytes()  # a byte each: counted in one pass, whatever their number
        if rungs == _FULL_ROW:  # most often
            return
        counters.store_missing_rows += rungs.count(_REALTIME_ONLY)
        counters.store_stale_rows += rungs.count(_STALE)

    def observe_features(self, features: F32) -> None:
        """Sample feature rows, float32 (n, n_features) in manifest order, for drift."""
        if self._sampler is not None:
            self._sampler.add(features)

    def absorb(self, newer: Snapshot, older: Snapshot | None, stages: Collection[Stage]) -> None:
        """Count what the pipeline of another process counted since ``older``, None: since it began.

        So these figures are sums over all processes, and go on when one of them is gone. Each keeps a ledger of its
        own, which is not added here, and neither are the counters that are `OF_THE_RUN`.

        Args:
            newer: a reading of that pipeline.
            older: the reading of it that was absorbed last.
            stages: those whose times are counted there.
        """
        for stage in stages:
            before = HistogramCounts() if older is None else older.stages.get(stage, HistogramCounts())
            self.stages[stage].add(newer.stages.get(stage, HistogramCounts()).since(before))
        counted = Counters() if older is None else older.counters
        for name in (each.name for each in fields(Counters) if each.name not in OF_THE_RUN):
            grown = getattr(newer.counters, name) - getattr(counted, name)
            setattr(self.counters, name, getattr(self.counters, name) + grown)
        for actor, work in newer.work.items():
            done = ActorWork() if older is None else older.work.get(actor, ActorWork())
            mine = self._work[actor]
            mine.busy_ns += work.busy_ns - done.busy_ns
            mine.batches += work.batches - done.batches
            mine.rows += work.rows - done.rows
        self._scores.add_counts(newer.scores, ScoreCounts() if older is None else older.scores)
        if self._sampler is not None:
            same_model = older is not None and older.counters.model_swaps == newer.counters.model_swaps
            self._sampler.add_counts(newer.features, older.features if older and same_model else FeatureCounts())

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
            counters=replace(self.counters),
            decisions=self.ledger.decisions,
            scores=self._scores.counts(),
            features=FeatureCounts() if self._sampler is None else self._sampler.counts(),
            work={actor: replace(work) for actor, work in self._work.items()},
            gauges=gauges,
            gc=GcCounts() if self.gc_pauses is None else self.gc_pauses.counts(),
            memory_bytes=memory_bytes,
            quality=quality,
        )
