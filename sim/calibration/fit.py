"""From measured batches to a cost: the medians, and straight lines between them."""

import statistics
from collections.abc import Mapping, Sequence
from itertools import accumulate

from sim.clocks.costs import Cost


def fit(samples: Mapping[int, Sequence[int]]) -> Cost:
    """Return the cost of a job.

    A batch never costs less than a smaller one, whatever noise says. Larger ones than were measured go on as the last
    stretch does.

    Args:
        samples: ns of each measured batch, by its size; at least two sizes. The first quarter of each size is left
            out: caches and branch predictors settle.
    """
    sizes = sorted(samples)
    times_us = list(accumulate((_median_us(samples[rows]) for rows in sizes), max))
    per_row_us = (times_us[-1] - times_us[-2]) / (sizes[-1] - sizes[-2])
    fixed_us = max(0.0, times_us[-1] - per_row_us * sizes[-1])
    return Cost(fixed_us, (times_us[-1] - fixed_us) / sizes[-1], tuple(zip(sizes, times_us, strict=True)))


def _median_us(times: Sequence[int]) -> float:
    settled = times[len(times) // 4 :]
    return statistics.median(settled) / 1_000
