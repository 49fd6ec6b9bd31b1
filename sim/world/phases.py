"""The load of a run as phases, each with its kind of arrivals, as a scenario writes them and the world makes them."""

from typing import Annotated, get_args

import msgspec

from actors.core.clock import NS_PER_MS, NS_PER_S

Span = Annotated[int, msgspec.Meta(gt=0)]
Part = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Constant(msgspec.Struct, frozen=True, kw_only=True, tag="constant"):
    """Evenly spaced: the least possible queueing."""


class Poisson(msgspec.Struct, frozen=True, kw_only=True, tag="poisson"):
    """Independent customers: exponential gaps."""


class Spike(msgspec.Struct, frozen=True, kw_only=True, tag="spike"):
    """Poisson, with one short spike.

    Attributes:
        after_ns: from the phase's start to the spike; absent puts it in the middle.
        width_ns: how long the spike lasts.
        factor: the rate during the spike, as a multiple of the phase's.
    """

    after_ns: int | None = None
    width_ns: Span = NS_PER_S
    factor: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 5.0


class OnOff(msgspec.Struct, frozen=True, kw_only=True, tag="on_off"):
    """Bursts and lulls of random length (Markov-modulated Poisson); the phase's rate is the mean of both.

    Attributes:
        on_ns: mean length of a burst.
        off_ns: mean length of a lull.
        low: the rate in a lull, as a share of the rate in a burst, 0 to 1.

    Source: Fischer and Meier-Hellstern, The Markov-modulated Poisson process cookbook, Performance Evaluation 18, 1993.
    """

    on_ns: Span = 500 * NS_PER_MS
    off_ns: Span = 500 * NS_PER_MS
    low: Part = 0.0


class Sine(msgspec.Struct, frozen=True, kw_only=True, tag="sine"):
    """Poisson at a rate that swings around the phase's, as a day does.

    Attributes:
        period_ns: length of one swing.
        amplitude: the swing as a share of the rate, 0 to 1.
    """

    period_ns: Span = 10 * NS_PER_S
    amplitude: Part = 0.5


Arrivals = Constant | Poisson | Spike | OnOff | Sine
ARRIVALS: dict[str, type[msgspec.Struct]] = {str(each.__struct_config__.tag): each for each in get_args(Arrivals)}


class RatedPhase(msgspec.Struct, frozen=True, kw_only=True):
    """A phase of a scenario whose length and rates are known.

    Attributes:
        name: unique in the run.
        duration_ns: length, > 0.
        rate: transactions a second at its start, >= 0; the mean where the arrivals swing around it.
        ramp_to: the same at its end, reached in a straight line; None keeps the rate.
        arrivals: how they are spaced.
    """

    name: str
    duration_ns: int
    rate: float
    ramp_to: float | None = None
    arrivals: Arrivals = Poisson()

    @property
    def end_rate(self) -> float:
        """Transactions a second at its end."""
        return self.rate if self.ramp_to is None else self.ramp_to


def base_rate(phases: tuple[RatedPhase, ...]) -> float:
    """Return the rate that the pool of cards is meant for: that of the first phase which has any load."""
    for phase in phases:
        for rate in (phase.rate, phase.end_rate):
            if rate > 0:
                return rate
    return 1.0  # no load at all: any speed will do
