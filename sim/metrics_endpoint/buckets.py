"""Buckets of times for Prometheus, cumulative, from the counters of our histograms.

A bucket holds a value if the whole of its counter, 0.1 % wide at most, lies within it: exactly when the percentile that
riskdrill reads of it does. So a limit of an alert that is the bound of a bucket (10 ms, 50 ms) is judged alike there
and here, and Prometheus' quantiles, which it guesses within a bucket, are never on the other side of it.
"""

from typing import Final

import numpy as np

from actors.core.clock import US_PER_S
from actors.telemetry.histogram_counts import HistogramCounts, highest_us, index_of

BOUNDS_US: Final = (
    *(step * 10**power for power in range(1, 6) for step in (1, 2, 5)),
    *(1_000_000, 2_000_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000, 300_000_000, 1_800_000_000),
)
"""10 µs to 0.5 s in steps of 1, 2 and 5, then to half an hour."""


def last_within(bound_us: int) -> int:
    """Return the last counter that lies within ``bound_us`` as a whole."""
    index = index_of(bound_us)
    return index if highest_us(index) == bound_us else index - 1


_LAST: Final = np.array([last_within(bound) for bound in BOUNDS_US])
BOUNDS_S: Final = tuple(bound / US_PER_S for bound in BOUNDS_US)


def cumulative(counts: HistogramCounts) -> list[int]:
    """Return how many values each of the buckets holds, those of all smaller ones included.

    Example:
        >>> cumulative(HistogramCounts())[-1]
        0
    """
    if not counts.total:
        return [0] * len(BOUNDS_US)
    indexes, counters = counts.arrays
    ranks = np.concatenate(([0], np.cumsum(counters)))
    found: list[int] = ranks[np.searchsorted(indexes, _LAST, side="right")].tolist()
    return found
