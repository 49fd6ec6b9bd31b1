"""How far today's scores and features are from those the model was trained on."""

from math import inf, sqrt

import numpy as np

from actors.arrays import F64, I64

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
