"""Drift: how far today's scores and features are from those the model was trained on.

A histogram's ``edges`` are its inner borders: a value below the first is in bin 0, one equal to an edge in the bin
above it, and missing values (NaN) have the last bin to themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from actors.core.arrays import F32, F64, I64, joined
from actors.core.batches import Deferred
from actors.telemetry.snapshot import FeatureCounts, ScoreCounts

MIN_ROWS = 300  # sampled: with 12 bins chance alone gives a PSI of 0.037 ± 0.016 there, a fifth of the alarm at 0.20
MIN_SCORES = 100
_HALF_A_RECORD = 0.5


def psi(reference: I64, current: I64) -> float:
    """Return the population stability index of ``current`` against ``reference``.

    A bin that is empty on one side counts there as half a record, so the index stays finite; one empty on both sides
    counts for nothing.

    Args:
        reference: records in each bin, shape (n_bins,), each >= 0, not all 0.
        current: the same bins at another time, shape (n_bins,), not all 0.

    Returns:
        Index in nats; 0 when the shares are equal, never negative.

    Raises:
        ValueError: the two differ in length, or one of them is empty.

    Example:
        >>> psi(np.array([50, 50]), np.array([500, 500]))
        0.0
        >>> round(psi(np.array([50, 50]), np.array([80, 20])), 3)
        0.416

    Source: Siddiqi, Credit Risk Scorecards, Wiley 2006.
    """
    return float(psi_of_each(reference[np.newaxis], current[np.newaxis])[0])


def psi_of_each(reference: I64, current: I64) -> F64:
    """Return the `psi` of each row of ``current``, shape (n, n_bins), against the same row of ``reference``: (n,).

    Raises:
        ValueError: the two differ in shape, or a row of one of them is empty.
    """
    if reference.shape != current.shape:
        raise ValueError(f"reference has {reference.shape[-1]} bins and current {current.shape[-1]}")
    if not (reference.any(axis=1) & current.any(axis=1)).all():
        raise ValueError("a distribution without records has no shares")
    used = (reference > 0) | (current > 0)
    before, now = _shares(reference), _shares(current)
    found: F64 = np.sum((now - before) * np.log(now / before), axis=1, where=used)
    return found


def _shares(counts: I64) -> F64:
    shares: F64 = np.maximum(counts, _HALF_A_RECORD) / counts.sum(axis=1, keepdims=True)
    return shares


def relative_shift(reference_mean: float, mean: float) -> float:
    """Return how far ``mean`` is from ``reference_mean``, as a share of it; never negative, infinite from 0."""
    return _over(abs(mean - reference_mean), reference_mean)


def shift_sigma(reference_mean: float, reference_std: float, mean: float, count: int) -> float:
    """Return how many standard errors of a mean over ``count`` records lie between the two means; never negative."""
    return _over(abs(mean - reference_mean) * sqrt(count), reference_std)


def _over(part: float, whole: float) -> float:
    if whole:
        return part / whole
    return inf if part else 0.0


@dataclass(frozen=True, slots=True)
class ReferenceBins:
    """One feature's training distribution.

    Attributes:
        edges: float64 (k,), strictly ascending, k may be 0.
        counts: int64 (k + 2,): records in each of the k + 1 bins, then those missing.
    """

    edges: F64
    counts: I64

    def __post_init__(self) -> None:
        """Refuse bins that do not fit together."""
        if self.counts.shape != (len(self.edges) + 2,):
            raise ValueError(f"{len(self.edges)} edges need {len(self.edges) + 2} counts, got {self.counts.shape}")
        if np.any(np.diff(self.edges) <= 0):
            raise ValueError(f"edges must ascend, got {self.edges.tolist()}")


@dataclass(frozen=True, slots=True)
class Reference:
    """What the serving model saw in training.

    Attributes:
        features: by feature name, in manifest order.
        score_mean: mean of the model's scores on its reference rows.
        score_std: standard deviation that explains how much means of successive scores vary.
    """

    features: dict[str, ReferenceBins]
    score_mean: float
    score_std: float

    def table(self, bin_count: int) -> I64:
        """Return the counts of every feature, int64 (n_features, bin_count), 0 where a feature has fewer bins."""
        table: I64 = np.zeros((len(self.features), bin_count), dtype=np.int64)
        for row, one in zip(table, self.features.values(), strict=True):
            row[: len(one.counts)] = one.counts
        return table


def bins_of(values: F64, edges: F64) -> ReferenceBins:
    """Return ``values``, float64 (n,) with NaN for missing, counted into bins."""
    present = values[~np.isnan(values)]
    inside = np.bincount(np.searchsorted(edges, present, side="right"), minlength=len(edges) + 1)
    return ReferenceBins(edges, np.append(inside, len(values) - len(present)).astype(np.int64))


_BYTE = 256


class FeatureBinner:
    """Counts feature rows into the reference bins of every feature at once.

    All features are padded to the same number of edges with NaN, which no value reaches, so one comparison per edge
    serves the whole matrix; the compiled search would be called once per feature and cost four times as much.
    """

    def __init__(self, bins: Sequence[ReferenceBins]) -> None:
        width = max((len(one.edges) for one in bins), default=0)
        self._edges: F32 = np.full((width, len(bins)), np.nan, dtype=np.float32)
        for column, one in enumerate(bins):
            self._edges[: len(one.edges), column] = one.edges
        self.bin_count = width + 2
        self._narrow = np.uint8 if self.bin_count < _BYTE else np.int64  # a byte each: four times as fast to add up
        self._missing = np.array([len(one.edges) + 1 for one in bins], dtype=np.int64)
        self._offsets: I64 = np.arange(len(bins), dtype=np.int64) * self.bin_count
        self.counts: I64 = np.zeros((len(bins), self.bin_count), dtype=np.int64)

    def add(self, rows: F32) -> None:
        """Count ``rows``, float32 (n, n_features), NaN for missing."""
        passed = np.zeros(rows.shape, dtype=self._narrow)
        for edges in self._edges:
            passed += rows >= edges
        at = np.where(np.isnan(rows), self._missing, passed)
        flat = np.bincount((at + self._offsets).ravel(), minlength=self.counts.size)
        self.counts += flat.reshape(self.counts.shape)


FEATURE_STRIDE = 8  # every 8th row: 1,250 in 10 s at 1,000/s, where a PSI's noise is a twentieth of its alarm
FEATURE_BUFFER = 256  # rows counted at once: one call each would cost 30 times as much a row


class FeatureSampler:
    """Takes every ``stride``-th row, wherever batches begin and end, and counts it into the reference bins.

    Rows are counted ``FEATURE_BUFFER`` at a time, so a snapshot may be up to that many sampled rows behind.
    """

    def __init__(self, reference: Reference, stride: int) -> None:
        self._binner = FeatureBinner(list(reference.features.values()))
        self._stride = stride
        self._skip = 0  # rows to pass over before the next sample
        self._sampled: list[F32] = []
        self._waiting = 0
        self._total = 0

    def add(self, features: F32) -> None:
        """Sample from ``features``, float32 (n, n_features), which nobody writes to any more."""
        count = len(features)
        if self._skip >= count:
            self._skip -= count
            return
        sampled = features[self._skip :: self._stride]
        self._skip = (self._skip - count) % self._stride
        self._sampled.append(sampled)
        self._waiting += len(sampled)
        if self._waiting >= FEATURE_BUFFER:
            self._count()

    def _count(self) -> None:
        rows = np.concatenate(self._sampled)
        self._waiting = len(rows) % FEATURE_BUFFER
        whole = len(rows) - self._waiting
        self._binner.add(rows[:whole])
        self._total += whole
        self._sampled = [rows[whole:]]

    def add_counts(self, newer: FeatureCounts, older: FeatureCounts) -> None:
        """Count what another sampler with the same reference counted after ``older``; other bins are passed over."""
        grown = np.frombuffer(newer.counts, "<i8").astype(np.int64)
        if older.counts:
            grown = grown - np.frombuffer(older.counts, "<i8")
        if newer.bins == self._binner.bin_count and len(grown) == self._binner.counts.size:
            self._binner.counts += grown.reshape(self._binner.counts.shape)
            self._total += newer.rows - older.rows

    def counts(self) -> FeatureCounts:
        """Return what has been counted so far."""
        return FeatureCounts(self._total, self._binner.bin_count, self._binner.counts.astype("<i8").tobytes())


SCORE_BINS = 50

_FEW = 32  # below this many scores adding them up in Python is faster than as an array


class ScoreHistogram:
    """Model scores in equal bins over [0, 1]; one outside is in the bin at that end."""

    def __init__(self) -> None:
        self._bins: I64 = np.zeros(SCORE_BINS, dtype=np.int64)
        self._total = 0
        self._sum = 0.0
        self._deferred = Deferred(self._count)

    def add(self, scores: F64) -> None:
        """Count scores, float64 (n,), leaving NaN out."""
        self._deferred.add(scores, len(scores))

    def _count(self, batches: list[F64]) -> None:
        scores = joined(batches)
        if np.count_nonzero(np.isnan(scores)):
            batches = [batch[~np.isnan(batch)] for batch in batches]
            scores = joined(batches)
        at = (scores * SCORE_BINS).clip(0, SCORE_BINS - 1).astype(np.int64)
        self._bins += np.bincount(at, minlength=SCORE_BINS)
        self._total += len(scores)
        for batch in batches:  # each by itself, or the sum's last digits would tell when somebody looked
            self._sum += batch.item() if len(batch) == 1 else _sum(batch)

    def add_counts(self, newer: ScoreCounts, older: ScoreCounts) -> None:
        """Count what another histogram counted after ``older``."""
        self._bins += np.subtract(newer.bins, older.bins or 0)
        self._total += newer.total - older.total
        self._sum += newer.sum - older.sum

    def counts(self) -> ScoreCounts:
        """Return the bins as a frozen value."""
        self._deferred.flush()
        return ScoreCounts(tuple(self._bins.tolist()), self._total, self._sum)


def _sum(scores: F64) -> float:
    return sum(scores.tolist()) if len(scores) < _FEW else float(scores.sum())
