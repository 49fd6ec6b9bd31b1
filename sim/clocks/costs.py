"""What each job costs on one core: ``fixed + per_row · n``, measured or given."""

from typing import Annotated

import msgspec

from actors.work import Core, Job

NonNegative = Annotated[float, msgspec.Meta(ge=0)]


class Line(msgspec.Struct, frozen=True):
    """A straight cost.

    Attributes:
        fixed_us: of a batch, whatever its size.
        per_row_us: of each transaction in it.
    """

    fixed_us: NonNegative
    per_row_us: NonNegative

    def of_us(self, rows: int) -> float:
        """Return the cost of a batch of ``rows``, µs."""
        return self.fixed_us + self.per_row_us * rows


class Cost(msgspec.Struct, frozen=True):
    """The cost of one job.

    Attributes:
        fixed_us: of a batch, whatever its size.
        per_row_us: of each transaction in it.
        few: of small batches, for which the code has a road of its own, such as features row by row; the cheaper of
            the two roads is taken. None: one road for all.
    """

    fixed_us: NonNegative
    per_row_us: NonNegative
    few: Line | None = None

    def of_ns(self, rows: int) -> float:
        """Return the cost of a batch of ``rows``, ns."""
        cost_us = self.fixed_us + self.per_row_us * rows
        return (cost_us if self.few is None else min(cost_us, self.few.of_us(rows))) * 1_000


class Costs(msgspec.Struct, frozen=True):
    """The costs of all jobs; `calibrate` measures them on this machine.

    The defaults are those of a two-core cloud machine of 2026: good for trying a drill, not for promises.
    """

    send: Cost = Cost(12.0, 0.15)
    parse: Cost = Cost(8.0, 1.1)
    features: Cost = Cost(35.0, 3.2)
    score: Cost = Cost(6.0, 8.5)
    score_in_executor: Cost = Cost(70.0, 8.5)
    decide: Cost = Cost(45.0, 0.5)
    log: Cost = Cost(60.0, 2.4)

    def of(self, job: Job, core: Core) -> Cost:
        """Return the cost of ``job`` where it is done."""
        if job is Job.SCORE and core is Core.EXECUTOR:
            return self.score_in_executor
        cost: Cost = getattr(self, job.value)
        return cost
