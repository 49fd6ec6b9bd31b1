"""The live object that the actors write into. It is read only through `snapshot`."""

import gc
from collections import defaultdict

from actors.core.arrays import F32, F64, U8
from actors.core.batches import Mode
from actors.core.clock import Clock
from actors.telemetry.drift import FEATURE_STRIDE, FeatureSampler, Reference, ScoreHistogram
from actors.telemetry.histogram import Histogram
from actors.telemetry.ledger import Ledger
from actors.telemetry.snapshot import Counters, FeatureCounts, Gauges, GcCounts, Quality, Snapshot, Work
from actors.telemetry.stages import Stage


class GcPauses:
    """Times every collection between `start` and `stop` by the interpreter's own call-backs.

    Never started on a virtual clock: collections happen when memory asks for them, so their number is not part of a
    deterministic run, and they take no virtual time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_ns = 0
        self._pauses = 0
        self._total_ns = 0
        self._longest_ns = 0

    def start(self) -> None:
        """Begin to count. Counts go on from before if it was started before."""
        if self._observe not in gc.callbacks:
            gc.callbacks.append(self._observe)

    def stop(self) -> None:
        """Cease to count; without effect when not started."""
        if self._observe in gc.callbacks:
            gc.callbacks.remove(self._observe)

    def _observe(self, phase: str, _info: dict[str, int]) -> None:
        """Called by the interpreter before and after each collection; what it raises is printed and lost."""
        if phase == "start":
            self._began_ns = self._clock.now_ns()
            return
        took_ns = self._clock.now_ns() - self._began_ns
        self._pauses += 1
        self._total_ns += took_ns
        self._longest_ns = max(self._longest_ns, took_ns)

    def counts(self) -> GcCounts:
        """Return the counts as a frozen value."""
        return GcCounts(self._pauses, self._total_ns, self._longest_ns)


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
        self._work: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
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
        work = self._work[actor]
        work[0] += ns
        work[1] += 1
        work[2] += rows

    def observe_scores(self, scores: F64) -> None:
        """Count model scores in [0, 1], float64 (n,); NaN, where no model scored, is left out."""
        self._scores.add(scores)

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
            decisions=self.ledger.decisions,
            scores=self._scores.counts(),
            features=FeatureCounts() if self._sampler is None else self._sampler.counts(),
            work={actor: Work(*work) for actor, work in self._work.items()},
            gauges=gauges,
            gc=GcCounts() if self.gc_pauses is None else self.gc_pauses.counts(),
            memory_bytes=memory_bytes,
            imbalances=self.ledger.broken,
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
