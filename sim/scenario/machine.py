"""The machine section of a scenario: what each job costs on a modelled machine."""

from typing import Annotated

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


class MachineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The modelled machine: one core for the event loop, and one for each thread beside it.

    Attributes:
        costs: what jobs cost; absent ones are as measured with the model, or a guess if nothing was measured.
        noise: how much the times of a job vary: sigma of their logarithm, 0 to 2; 0.2 is a quiet machine, 0 none.
    """

    costs: JobCosts = JobCosts()
    noise: Spread = 0.0
