"""What takes time on a modelled machine: each job, and each feature-store lookup."""

from typing import Annotated, ClassVar

import msgspec

from sim.scalars import Duration
from sim.units import NS_PER

# An hour is where latencies are no longer told exactly; with a second a row a million of them still take no more than
# twelve days, and not 292 years, where nanoseconds end.
Fixed = Annotated[Duration, msgspec.Meta(le=NS_PER["h"])]
PerRow = Annotated[Duration, msgspec.Meta(le=NS_PER["s"])]
Spread = Annotated[float, msgspec.Meta(ge=0, le=2)]


class JobCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one job holds its core for.

    Attributes:
        fixed: of a batch, whatever its size; at most 1h.
        per_row: of each transaction in it, to the nanosecond; at most 1s.
    """

    fixed: Fixed
    per_row: PerRow


class JobCosts(msgspec.Struct, frozen=True, kw_only=True):
    """Costs by job; an absent one is as ``python -m sim calibrate`` measured it.

    Attributes:
        send: to number, stamp and hand over.
        parse: to parse and to set duplicates apart.
        features: to compute features of all tiers.
        score: to score on the event loop.
        score_in_executor: to score in the executor thread.
        decide: to decide and to count.
        log: to deliver, and to encode the log's lines.
        write: to write them, in the log's thread.
    """

    send: JobCost | None = None
    parse: JobCost | None = None
    features: JobCost | None = None
    score: JobCost | None = None
    score_in_executor: JobCost | None = None
    decide: JobCost | None = None
    log: JobCost | None = None
    write: JobCost | None = None


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The modelled machine: one core for the event loop, and one for each thread beside it.

    Attributes:
        costs: what jobs cost; absent ones are as measured with the model, or a guess if nothing was measured.
        noise: how much the times of a job vary: sigma of their logarithm, 0 to 2; 0.2 is a quiet machine, 0 none.
    """

    costs: JobCosts = JobCosts()
    noise: Spread = 0.0


class LookUp(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution of times; ``kind`` is its name in a file.

    Attributes:
        tail_ratio: share of look-ups that hit something slow, such as a fail-over, 0 to 1.
        tail: what those take on top.
    """

    kind: ClassVar[str] = ""
    tail_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    tail: Duration = 20 * NS_PER["ms"]


class ConstantLookUp(LookUp, frozen=True, kw_only=True):
    """Every look-up takes as long as any other.

    Attributes:
        time: of each.
    """

    kind: ClassVar[str] = "constant"
    time: Duration = 400 * NS_PER["us"]


class LognormalLookUp(LookUp, frozen=True, kw_only=True):
    """Half take less than the median, few take much more: what a store over a network looks like.

    Attributes:
        median: half of the look-ups take less.
        sigma: of the logarithm, 0 to 3; 0.5 makes p99 3.2 times the median.
    """

    kind: ClassVar[str] = "lognormal"
    median: Annotated[Duration, msgspec.Meta(gt=0)] = 400 * NS_PER["us"]  # one MGET over a local network
    sigma: Annotated[float, msgspec.Meta(ge=0, le=3)] = 0.4


LOOK_UPS: dict[str, type[LookUp]] = {each.kind: each for each in (ConstantLookUp, LognormalLookUp)}
