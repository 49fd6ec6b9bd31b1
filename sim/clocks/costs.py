"""What each job costs on one core: ``fixed + per_row · n``, given, or from one measured size to the next."""

from bisect import bisect_left
from typing import Annotated

import msgspec

from actors.core.clock import NS_PER_MS
from actors.core.work import EXECUTOR, SCORE, Core, Job

NonNegative = Annotated[float, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]

PACE_NS = 20 * NS_PER_MS  # of time that each factor of a pace is for: a few batches of a busy pipeline


class Cost(msgspec.Struct, frozen=True):
    """The cost of one job; no batch costs less than a smaller one.

    Attributes:
        fixed_us: of a batch that is larger than all that were measured, or of any if none was.
        per_row_us: of each transaction in such a batch.
        measured: rows of a batch and its time in µs, ascending in both; between two of them the cost is straight. Some
            code has another way for small batches, so that one line would not do.
    """

    fixed_us: NonNegative
    per_row_us: NonNegative
    measured: tuple[tuple[int, NonNegative], ...] = ()

    def of_ns(self, rows: int) -> float:
        """Return the cost of a batch of ``rows``, ns."""
        measured = self.measured
        if not measured or rows > measured[-1][0]:
            return (self.fixed_us + self.per_row_us * rows) * 1_000
        above = bisect_left(measured, rows, key=_rows)
        most, most_us = measured[above]
        fewest, fewest_us = measured[max(0, above - 1)]
        share = (rows - fewest) / (most - fewest) if fewest < rows < most else 1.0
        return (fewest_us + share * (most_us - fewest_us)) * 1_000


def _rows(point: tuple[int, float]) -> int:
    return point[0]


class Costs(msgspec.Struct, frozen=True):
    """The costs of all jobs; `calibrate` measures them on this machine.

    The defaults were measured by `calibrate` on a two-core cloud machine of 2026, and have a pace of 1.25 in them: good
    for trying a drill, not for promises about another machine.

    Attributes:
        pace: how many times as long all jobs take in a running pipeline, one `PACE_NS` after the other, over and over:
            a processor has to wake up, finds its caches cold, shares them, is taken away, and is not always equally
            fast. Empty: once.
    """

    send: Cost = Cost(30.7, 0.020, ((1, 28), (4, 30), (16, 31), (17, 33), (48, 34), (128, 36), (320, 40), (1024, 51)))
    parse: Cost = Cost(
        0.0, 1.640, ((1, 21), (4, 30), (16, 53), (17, 53), (48, 96), (128, 203), (320, 460), (1024, 1679))
    )
    features: Cost = Cost(
        410.0, 3.750, ((1, 68), (4, 128), (16, 205), (17, 225), (48, 375), (128, 700), (320, 1563), (1024, 4250))
    )
    score: Cost = Cost(
        12.2, 0.740, ((1, 20), (4, 34), (16, 45), (17, 51), (48, 59), (128, 114), (320, 254), (1024, 770))
    )
    score_in_executor: Cost = Cost(
        113.0, 0.750, ((4, 125), (16, 134), (17, 138), (48, 150), (128, 206), (320, 356), (1024, 881))
    )
    decide: Cost = Cost(
        107.8, 0.090, ((1, 16), (4, 25), (16, 28), (17, 73), (48, 90), (128, 110), (320, 138), (1024, 200))
    )
    log: Cost = Cost(
        140.2, 1.450, ((1, 88), (4, 110), (16, 138), (17, 200), (48, 256), (128, 388), (320, 625), (1024, 1625))
    )
    write: Cost = Cost(
        52.2, 0.160, ((1, 30), (4, 36), (16, 46), (17, 49), (48, 58), (128, 76), (320, 101), (1024, 216))
    )
    pace: tuple[Positive, ...] = ()

    def of(self, job: Job, core: Core) -> Cost:
        """Return the cost of ``job`` where it is done."""
        if job is SCORE and core is EXECUTOR:
            return self.score_in_executor
        cost: Cost = getattr(self, job.value)
        return cost
