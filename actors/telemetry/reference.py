"""The distributions a model was trained on, binned: what drift is measured against.

A histogram's ``edges`` are its inner borders: a value below the first is in bin 0, one equal to an edge in the bin
above it, and missing values (NaN) have the last bin to themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actors.arrays import F32, F64, I64


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
