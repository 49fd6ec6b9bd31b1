"""The load of a run as phases, each with its kind of arrivals."""

import msgspec

from actors.core.clock import NS_PER_MS, NS_PER_S


class Constant(msgspec.Struct, frozen=True, kw_only=True, tag="constant"):
    """Evenly spaced arrivals."""


class Poisson(msgspec.Struct, frozen=True, kw_only=True, tag="poisson"):
    """Independent arrivals, with exponential gaps."""


class Spike(msgspec.Struct, frozen=True, kw_only=True, tag="spike"):
    """Poisson arrivals with one short spike.

    Attributes:
        after_ns: from the phase's start to the spike; None puts it in the middle.
        width_ns: length of the spike, > 0; what exceeds the phase is cut off.
        factor: rate in the spike relative to the phase's, >= 0.
    """

    after_ns: int | None = None
    width_ns: int = NS_PER_S
    factor: float = 5.0


class OnOff(msgspec.Struct, frozen=True, kw_only=True, tag="on_off"):
    """Bursts and lulls of random length (Markov-modulated Poisson); the phase's rate is the mean of both.

    Attributes:
        on_ns: mean length of a burst, > 0.
        off_ns: mean length of a lull, > 0.
        low: rate in a lull relative to a burst, 0 to 1.

    Source: Fischer and Meier-Hellstern, The Markov-modulated Poisson process cookbook, Performance Evaluation 18, 1993.
    """

    on_ns: int = 500 * NS_PER_MS
    off_ns: int = 500 * NS_PER_MS
    low: float = 0.0


class Sine(msgspec.Struct, frozen=True, kw_only=True, tag="sine"):
    """Poisson arrivals at a rate that swings around the phase's, as a day does.

    Attributes:
        period_ns: length of a swing, > 0.
        amplitude: the swing relative to the rate, 0 to 1.
    """

    period_ns: int = 10 * NS_PER_S
    amplitude: float = 0.5


Arrivals = Constant | Poisson | Spike | OnOff | Sine


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a run with one kind of load.

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


def base_rate(phases: tuple[Phase, ...]) -> float:
    """Return the rate that the pool of cards is meant for: that of the first phase which has any load."""
    for phase in phases:
        for rate in (phase.rate, phase.end_rate):
            if rate > 0:
                return rate
    return 1.0  # no load at all: any speed will do
