"""The rate of arrivals over a phase, as pieces on which it is a straight line."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from actors.arrays import F64
from actors.clock import NS_PER_S
from sim.world.phases import OnOff, Phase, Sine, Spike

_PIECES = 4_096  # at a time, so that a day of short bursts needs no more memory than a second
_KNOTS = 64  # of a sine's period: the chord is 0.12 % under the arc at most


@dataclass(frozen=True, slots=True)
class Pieces:
    """Consecutive stretches of time.

    Attributes:
        from_ns: float64 (k,), from the start of the phase; ``until_ns`` alike.
        from_rate: float64 (k,), arrivals a second at its start; ``until_rate`` at its end.
    """

    from_ns: F64
    until_ns: F64
    from_rate: F64
    until_rate: F64

    @property
    def expected(self) -> F64:
        """Expected arrivals in each, float64 (k,)."""
        return (self.until_ns - self.from_ns) * (self.from_rate + self.until_rate) / (2 * NS_PER_S)


def pieces(phase: Phase, rng: np.random.Generator) -> Iterator[Pieces]:
    """Yield the pieces of ``phase`` in order, some thousands at a time.

    Args:
        phase: one phase.
        rng: draws the lengths of bursts and lulls; unused by other kinds.
    """
    arrivals = phase.arrivals
    if isinstance(arrivals, OnOff):
        yield from _on_off(phase, arrivals, rng)
    elif isinstance(arrivals, Sine):
        yield from _sine(phase, arrivals)
    else:
        knots = np.array([0, phase.duration_ns], dtype=np.float64)
        factor = np.ones(1)
        if isinstance(arrivals, Spike):
            knots, factor = _spike(phase, arrivals)
        yield _scaled(phase, knots, factor, factor)


def mean_pieces(phase: Phase) -> Pieces:
    """Return ``phase`` as if its arrivals did not swing."""
    return _scaled(phase, np.array([0, phase.duration_ns], dtype=np.float64), np.ones(1), np.ones(1))


def _scaled(phase: Phase, knots_ns: F64, from_factor: F64, until_factor: F64) -> Pieces:
    rate = phase.rate + (phase.end_rate - phase.rate) * (knots_ns / phase.duration_ns)
    return Pieces(knots_ns[:-1], knots_ns[1:], rate[:-1] * from_factor, rate[1:] * until_factor)


def _spike(phase: Phase, spike: Spike) -> tuple[F64, F64]:
    after_ns = (phase.duration_ns - spike.width_ns) // 2 if spike.after_ns is None else spike.after_ns
    inside = np.clip([after_ns, after_ns + spike.width_ns], 0, phase.duration_ns)
    return np.array([0, *inside, phase.duration_ns], dtype=np.float64), np.array([1.0, spike.factor, 1.0])


def _on_off(phase: Phase, burst: OnOff, rng: np.random.Generator) -> Iterator[Pieces]:
    duty = burst.on_ns / (burst.on_ns + burst.off_ns)
    high = 1 / (duty + (1 - duty) * burst.low)
    on, start_ns = bool(rng.random() < duty), 0.0
    while start_ns < phase.duration_ns:
        bursting = np.arange(_PIECES) % 2 == (0 if on else 1)
        length_ns = rng.standard_exponential(_PIECES) * np.where(bursting, burst.on_ns, burst.off_ns)
        knots_ns = np.minimum(start_ns + np.cumsum(np.append(0.0, length_ns)), phase.duration_ns)
        factor = np.where(bursting, high, high * burst.low)
        yield _scaled(phase, knots_ns, factor, factor)
        start_ns = float(knots_ns[-1])  # an even number of pieces: the next one is of the first one's kind


def _sine(phase: Phase, sine: Sine) -> Iterator[Pieces]:
    step_ns = sine.period_ns / _KNOTS
    count = int(np.ceil(phase.duration_ns / step_ns))
    for first in range(0, count, _PIECES):
        knots_ns = np.minimum(np.arange(first, min(first + _PIECES, count) + 1) * step_ns, phase.duration_ns)
        factor = 1 + sine.amplitude * np.sin(knots_ns * (2 * np.pi / sine.period_ns))
        yield _scaled(phase, knots_ns, factor[:-1], factor[1:])
