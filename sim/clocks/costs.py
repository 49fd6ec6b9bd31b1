"""What each job costs on one core: ``fixed + per_row · n``, given, or from one measured size to the next."""

from bisect import bisect_left
from typing import Annotated

import msgspec

from actors.clock import NS_PER_MS
from actors.work import EXECUTOR, SCORE, Core, Job

NonNegative = Annotated[float, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]

PACE_NS = 20 * NS_PER_MS  # of time that each factor of a pace is for: a few batches of a busy pipeline


class Cost(msgspec.Struct, frozen=True):
    """The cost of one job; no batch costs less than a smaller one.

    Attributes:
        fixed_us: of a batch that is larger than all that were measured, or of any if none was.
        per_row_us: of each transaction in such a batch.
        measured: rows of a batch and its time in µs, ascending in both; between two of them the cost is straight. Code
            has roads of its own for small batches, such as features row by row, so that one line would not do.
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

    send: Cost = Cost(22.5, 0.030, ((1, 18), (4, 21), (16, 21), (17, 25), (48, 26), (128, 26), (320, 32), (1024, 53)))
    parse: Cost = Cost(
        0.0, 3.129, ((1, 34), (4, 47), (16, 79), (17, 87), (48, 150), (128, 278), (320, 792), (1024, 3204))
    )
    features: Cost = Cost(
        1364.2, 5.912, ((1, 150), (4, 354), (16, 772), (17, 1056), (48, 1278), (128, 1819), (320, 3256), (1024, 7418))
    )
    score: Cost = Cost(
        510.9, 11.935, ((1, 66), (4, 139), (16, 376), (17, 427), (48, 825), (128, 1897), (320, 4330), (1024, 12732))
    )
    score_in_executor: Cost = Cost(
        505.6, 14.645, ((4, 274), (16, 521), (17, 553), (48, 1009), (128, 2039), (320, 5192), (1024, 15502))
    )
    decide: Cost = Cost(
        275.7, 0.132, ((1, 28), (4, 51), (16, 60), (17, 149), (48, 172), (128, 224), (320, 318), (1024, 411))
    )
    log: Cost = Cost(
        363.5, 2.220, ((1, 169), (4, 230), (16, 265), (17, 365), (48, 442), (128, 605), (320, 1074), (1024, 2637))
    )
    write: Cost = Cost(
        177.6, 0.140, ((1, 90), (4, 105), (16, 150), (17, 150), (48, 150), (128, 193), (320, 220), (1024, 321))
    )
    pace: tuple[Positive, ...] = ()

    def of(self, job: Job, core: Core) -> Cost:
        """Return the cost of ``job`` where it is done."""
        if job is SCORE and core is EXECUTOR:
            return self.score_in_executor
        cost: Cost = getattr(self, job.value)
        return cost
