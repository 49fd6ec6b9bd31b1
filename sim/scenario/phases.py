"""The phases of a scenario: how much load arrives, in order."""

from typing import Annotated

import msgspec

from sim.scalars import Duration, Name, RateOf, Variants
from sim.scenario.arrivals import ARRIVALS, Arrivals, Poisson


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the run with one kind of load.

    Attributes:
        name: unique in the scenario; expectations refer to it.
        duration: how long it lasts. Only the last phase of a replay may leave it out: it ends with the events.
        rate: transactions a second at its start, or a share such as 1.5x capacity. A replay has none.
        ramp_to: the rate at its end; absent keeps the rate.
        arrivals: how they are spaced: constant, poisson, spike, on_off, sine.
    """

    name: Name
    duration: Annotated[Duration, msgspec.Meta(gt=0)] | None = None
    rate: RateOf | None = None
    ramp_to: RateOf | None = None
    arrivals: Annotated[Arrivals, Variants(ARRIVALS, shorthand=True)] = Poisson()
