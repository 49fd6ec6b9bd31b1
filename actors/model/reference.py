"""Measuring, writing and reading how scores and features were distributed in training."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from actors.arrays import F32, F64
from actors.bounded_files import read_arrays
from actors.telemetry.reference import Reference, ReferenceBins, bins_of

BINS: Final = 10  # tenths: the usual choice for PSI, with thresholds of 0.1 and 0.2 to go with it
SCORE_BINS: Final = 50
BLOCK: Final = 2_000  # scores that a drill's window of seconds holds
MOST_BYTES: Final = 64 << 20  # unfolded; the default model's bins take 12 kB
FEWEST_BLOCKS: Final = 8  # with them the spread is known to a quarter


def measure_reference(names: Sequence[str], features: F32, scores: F64) -> Reference:
    """Return the distributions of features, shape (n, len(names)), and of their scores, shape (n,), in time order."""
    bins = {name: _bins(features[:, column].astype(np.float64)) for column, name in enumerate(names)}
    return Reference(bins, float(scores.mean()), spread(scores))


def spread(scores: F64, block: int = BLOCK) -> float:
    """Return the standard deviation that explains how much means of successive scores vary.

    Fraud comes in episodes, so neighbouring scores go together: means of 2,000 of them vary three times as much as
    those of independent scores would (measured), and an alarm that took them for independent would cry wolf.

    Args:
        scores: in time order; of fewer than `FEWEST_BLOCKS` blocks only the plain standard deviation is known.
        block: scores a mean is taken over.
    """
    plain = float(scores.std())
    count = len(scores) // block
    if count < FEWEST_BLOCKS:
        return plain
    means = scores[: count * block].reshape(count, block).mean(axis=1)
    return max(plain, float(means.std(ddof=1)) * math.sqrt(block))


def _bins(values: F64) -> ReferenceBins:
    known = np.unique(values[~np.isnan(values)])
    if len(known) <= BINS:
        return bins_of(values, known[1:])  # a bin for each value, so that a rare one stays visible
    tenths = np.nanquantile(values, np.arange(1, BINS) / BINS, method="higher")
    edges = np.unique(tenths)
    return bins_of(values, edges[edges > known[0]])  # below the smallest value there is nothing to count


def save_reference(file: Path, reference: Reference, scores: F64) -> None:
    """Write the reference, and beside it a histogram of its scores in equal bins over [0, 1], as npz."""
    arrays: dict[str, ArrayLike] = {
        "score_counts": np.histogram(scores, bins=SCORE_BINS, range=(0.0, 1.0))[0],
        "score_moments": np.array([reference.score_mean, reference.score_std]),
    }
    for name, bins in reference.features.items():
        arrays[f"{name}.edges"] = bins.edges
        arrays[f"{name}.counts"] = bins.counts
    np.savez_compressed(file, allow_pickle=False, **arrays)


def load_reference(file: Path, names: Sequence[str]) -> Reference:
    """Read the reference of the features in ``names``.

    Raises:
        ValueError, KeyError: the file does not hold what `save_reference` writes for them.
    """
    with read_arrays(file, MOST_BYTES) as arrays:
        mean, std = arrays["score_moments"].tolist()
        bins = {name: ReferenceBins(arrays[f"{name}.edges"], arrays[f"{name}.counts"]) for name in names}
    return Reference(bins, mean, std)
