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


class Few(Line, frozen=True):
    """A straight cost of small batches, for which the code has a road of its own, such as features row by row.

    Attributes:
        up_to: rows of the largest such batch.
    """

    up_to: Annotated[int, msgspec.Meta(ge=1)]


class Cost(msgspec.Struct, frozen=True):
    """The cost of one job; no batch costs less than a smaller one.

    Attributes:
        fixed_us: of a batch, whatever its size.
        per_row_us: of each transaction in it.
        few: of small batches; None: as of the others.
    """

    fixed_us: NonNegative
    per_row_us: NonNegative
    few: Few | None = None

    def of_ns(self, rows: int) -> float:
        """Return the cost of a batch of ``rows``, ns."""
        few = self.few
        if few is not None and rows <= few.up_to:
            return few.of_us(rows) * 1_000
        cost_us = self.fixed_us + self.per_row_us * rows
        return (cost_us if few is None else max(cost_us, few.of_us(few.up_to))) * 1_000


class Costs(msgspec.Struct, frozen=True):
    """The costs of all jobs; `calibrate` measures them on this machine.

    The defaults were measured by `calibrate` on a two-core cloud machine of 2026: good for trying a drill, not for
    promises about another machine.
    """

    send: Cost = Cost(42.0, 0.09, Few(28.0, 1.04, 16))
    parse: Cost = Cost(34.0, 1.46, Few(22.0, 2.84, 8))
    features: Cost = Cost(831.0, 5.73, Few(80.0, 38.2, 16))
    score: Cost = Cost(195.0, 9.6, Few(31.0, 18.5, 16))
    score_in_executor: Cost = Cost(165.0, 11.2)
    decide: Cost = Cost(137.0, 0.165, Few(32.0, 3.22, 16))
    log: Cost = Cost(253.0, 1.4, Few(132.0, 9.45, 16))

    def of(self, job: Job, core: Core) -> Cost:
        """Return the cost of ``job`` where it is done."""
        if job is Job.SCORE and core is Core.EXECUTOR:
            return self.score_in_executor
        cost: Cost = getattr(self, job.value)
        return cost
