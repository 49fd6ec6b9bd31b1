"""How transactions arrive within a phase. ``arrivals: poisson`` is short for ``arrivals: {kind: poisson}``."""

from typing import Annotated, ClassVar

import msgspec

from sim.scalars import Duration
from sim.units import NS_PER

Factor = Annotated[float, msgspec.Meta(ge=0, le=1_000)]


class Arrivals(msgspec.Struct, frozen=True, kw_only=True):
    """An arrival process; ``kind`` is its name in a file."""

    kind: ClassVar[str] = ""


class Constant(Arrivals, frozen=True, kw_only=True):
    """Evenly spaced: the least possible queueing."""

    kind: ClassVar[str] = "constant"


class Poisson(Arrivals, frozen=True, kw_only=True):
    """Independent customers: exponential gaps."""

    kind: ClassVar[str] = "poisson"


class Spike(Arrivals, frozen=True, kw_only=True):
    """Poisson, with one short spike.

    Attributes:
        after: from the phase's start to the spike; absent puts it in the middle.
        width: how long the spike lasts.
        factor: the rate during the spike, as a multiple of the phase's.
    """

    kind: ClassVar[str] = "spike"
    after: Duration | None = None
    width: Annotated[Duration, msgspec.Meta(gt=0)] = NS_PER["s"]
    factor: Factor = 5.0


class OnOff(Arrivals, frozen=True, kw_only=True):
    """Bursts and lulls of random length (Markov-modulated Poisson); the phase's rate is the mean of both.

    Attributes:
        on: mean length of a burst.
        off: mean length of a lull.
        low: the rate in a lull, as a share of the rate in a burst, 0 to 1.
    """

    kind: ClassVar[str] = "on_off"
    on: Annotated[Duration, msgspec.Meta(gt=0)] = 500 * NS_PER["ms"]
    off: Annotated[Duration, msgspec.Meta(gt=0)] = 500 * NS_PER["ms"]
    low: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0


class Sine(Arrivals, frozen=True, kw_only=True):
    """Poisson at a rate that swings around the phase's, as a day does.

    Attributes:
        period: length of one swing.
        amplitude: the swing as a share of the rate, 0 to 1.
    """

    kind: ClassVar[str] = "sine"
    period: Annotated[Duration, msgspec.Meta(gt=0)] = 10 * NS_PER["s"]
    amplitude: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5


ARRIVALS: dict[str, type[Arrivals]] = {each.kind: each for each in (Constant, Poisson, Spike, OnOff, Sine)}
