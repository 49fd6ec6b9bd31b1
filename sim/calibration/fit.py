"""From measured batches to a cost: medians, and the line or the two lines that miss them least."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.clocks.costs import Cost, Few, Line

FEWEST_ABOVE = 2  # points that a line for large batches must rest on
WORTH = 0.5  # a second line must halve the misfit, or it only follows the noise

Point = tuple[int, float]
"""Rows of a batch, and its median time in µs."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A cost and what it was fitted to.

    Attributes:
        cost: the fit.
        points: rows and median, µs, in order of rows.
        misfit: the largest relative error at any of the points.
    """

    cost: Cost
    points: tuple[Point, ...]
    misfit: float


def fit(samples: Mapping[int, Sequence[int]]) -> Fitted:
    """Return the cost of a job.

    Args:
        samples: ns of each measured batch, by its size; at least two sizes. The first quarter of each size is left
            out: caches and branch predictors settle.
    """
    points = tuple((rows, _median_us(times)) for rows, times in sorted(samples.items()))
    line = _line(points)
    best = Cost(line.fixed_us, line.per_row_us)
    for cut in range(2, len(points) - FEWEST_ABOVE + 1):
        few, many = _line(points[:cut]), _line(points[cut:])
        both = Cost(many.fixed_us, many.per_row_us, Few(few.fixed_us, few.per_row_us, points[cut - 1][0]))
        if _misfit(both, points) < WORTH * _misfit(best, points):
            best = both
    return Fitted(best, points, _misfit(best, points))


def _median_us(times: Sequence[int]) -> float:
    settled = times[len(times) // 4 :]
    return statistics.median(settled) / 1_000


def _misfit(cost: Cost, points: Sequence[Point]) -> float:
    return max(abs(cost.of_ns(rows) / 1_000 / took_us - 1) for rows, took_us in points if took_us > 0)


def _line(points: Sequence[Point]) -> Line:
    """Return the non-negative line with the least sum of squared relative errors.

    Relative, since an error of 20 % matters as much in a batch of one as in one of a thousand.
    """
    weighted = [(1 / took_us, rows / took_us) for rows, took_us in points if took_us > 0]
    aa = sum(a * a for a, _ in weighted)
    ab = sum(a * b for a, b in weighted)
    bb = sum(b * b for _, b in weighted)
    a1, b1 = sum(a for a, _ in weighted), sum(b for _, b in weighted)
    determinant = aa * bb - ab * ab
    fixed = (a1 * bb - b1 * ab) / determinant if determinant else -1.0
    per_row = (b1 * aa - a1 * ab) / determinant if determinant else -1.0
    if fixed < 0:
        return Line(0.0, b1 / bb)
    if per_row < 0:
        return Line(a1 / aa, 0.0)
    return Line(fixed, per_row)
