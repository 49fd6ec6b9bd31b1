"""Feature rows sampled for drift."""

import numpy as np

from actors.arrays import F32
from actors.telemetry.reference import FeatureBinner, Reference
from actors.telemetry.snapshot import FeatureCounts

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

    def counts(self) -> FeatureCounts:
        """Return what has been counted so far."""
        return FeatureCounts(self._total, self._binner.bin_count, self._binner.counts.astype("<i8").tobytes())
