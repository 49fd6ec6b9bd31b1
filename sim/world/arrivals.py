"""Intended arrivals of a run: an open-loop schedule that waits for nobody.

Ticks of a process with one arrival a unit of time are carried over to the run's time through the expected count: where
the rate is high, they come to lie close together. Even ticks give constant arrivals, exponential ones Poisson arrivals,
at any rate, ramp or swing.

Source: Çinlar, Introduction to Stochastic Processes, 1975, chapter 4 (time change of a Poisson process).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F64, I64
from actors.core.clock import NS_PER_S
from sim.chance import Streams
from sim.world.phases import Constant, OnOff, RatedPhase, Sine, Spike

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


def pieces(phase: RatedPhase, rng: np.random.Generator) -> Iterator[Pieces]:
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


def mean_pieces(phase: RatedPhase) -> Pieces:
    """Return ``phase`` as if its arrivals did not swing."""
    return _scaled(phase, np.array([0, phase.duration_ns], dtype=np.float64), np.ones(1), np.ones(1))


def _scaled(phase: RatedPhase, knots_ns: F64, from_factor: F64, until_factor: F64) -> Pieces:
    rate = phase.rate + (phase.end_rate - phase.rate) * (knots_ns / phase.duration_ns)
    return Pieces(knots_ns[:-1], knots_ns[1:], rate[:-1] * from_factor, rate[1:] * until_factor)


def _spike(phase: RatedPhase, spike: Spike) -> tuple[F64, F64]:
    after_ns = (phase.duration_ns - spike.width_ns) // 2 if spike.after_ns is None else spike.after_ns
    inside = np.clip([after_ns, after_ns + spike.width_ns], 0, phase.duration_ns)
    return np.array([0, *inside, phase.duration_ns], dtype=np.float64), np.array([1.0, spike.factor, 1.0])


def _on_off(phase: RatedPhase, burst: OnOff, rng: np.random.Generator) -> Iterator[Pieces]:
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


def _sine(phase: RatedPhase, sine: Sine) -> Iterator[Pieces]:
    step_ns = sine.period_ns / _KNOTS
    count = int(np.ceil(phase.duration_ns / step_ns))
    for first in range(0, count, _PIECES):
        knots_ns = np.minimum(np.arange(first, min(first + _PIECES, count) + 1) * step_ns, phase.duration_ns)
        factor = 1 + sine.amplitude * np.sin(knots_ns * (2 * np.pi / sine.period_ns))
        yield _scaled(phase, knots_ns, factor[:-1], factor[1:])


_TICKS = 2_048  # drawn at a time


def arrivals(phases: tuple[RatedPhase, ...], streams: Streams) -> Iterator[I64]:
    """Yield intended arrivals in ns from the start of the run, in order, some thousands at a time.

    Each phase has streams of its own, so a change to one leaves the arrivals of the others as they were.
    """
    start_ns = 0
    for number, phase in enumerate(phases):
        for offsets_ns in _phase_arrivals(phase, number, streams):
            yield start_ns + offsets_ns
        start_ns += phase.duration_ns


def blocks_of(chunks: Iterator[I64], size: int) -> Iterator[I64]:
    """Yield the same numbers in arrays of ``size``; the last one may be shorter, and none is empty."""
    kept: I64 = np.zeros(0, dtype=np.int64)
    for chunk in chunks:
        kept = np.concatenate([kept, chunk])
        while len(kept) >= size:
            yield kept[:size]
            kept = kept[size:]
    if len(kept):
        yield kept


def modulation(streams: Streams, number: int) -> np.random.Generator:
    """Return the stream of bursts and lulls of phase ``number``."""
    return streams[f"bursts.{number}"]


def _phase_arrivals(phase: RatedPhase, number: int, streams: Streams) -> Iterator[I64]:
    ticks = _even() if isinstance(phase.arrivals, Constant) else _exponential(streams[f"arrivals.{number}"])
    drawn: F64 = next(ticks)
    passed = 0.0
    for part in pieces(phase, modulation(streams, number)):
        reached = passed + np.append(0.0, np.cumsum(part.expected))
        passed = float(reached[-1])
        while drawn[-1] < passed:
            yield _offsets_ns(part, reached, drawn)
            drawn = next(ticks)
        due = int(np.searchsorted(drawn, passed))
        yield _offsets_ns(part, reached, drawn[:due])
        drawn = drawn[due:]


def _offsets_ns(part: Pieces, reached: F64, ticks: F64) -> I64:
    """Return when the expected count reaches each of ``ticks``, in whole ns from the start of the phase.

    Args:
        part: the pieces that the ticks fall into.
        reached: float64 (k + 1,), expected count at the ends of the pieces.
        ticks: float64 (n,), at least ``reached[0]`` and below ``reached[-1]``.
    """
    at = np.searchsorted(reached, ticks, side="right") - 1
    left = (ticks - reached[at]) * NS_PER_S
    from_ns, until_ns = part.from_ns[at], part.until_ns[at]
    slope = (part.until_rate[at] - part.from_rate[at]) / (until_ns - from_ns)
    root = np.sqrt(np.maximum(part.from_rate[at] ** 2 + 2 * slope * left, 0))
    after_ns = 2 * left / np.maximum(part.from_rate[at] + root, np.finfo(np.float64).tiny)
    return np.clip(from_ns + after_ns, from_ns, np.maximum(from_ns, until_ns - 1)).astype(np.int64)


def _even() -> Iterator[F64]:
    first = 0
    while True:
        ticks: F64 = np.arange(first, first + _TICKS, dtype=np.float64) + 0.5
        yield ticks
        first += _TICKS


def _exponential(rng: np.random.Generator) -> Iterator[F64]:
    last = 0.0
    while True:
        ticks: F64 = np.cumsum(rng.standard_exponential(_TICKS)) + last
        last = float(ticks[-1])
        yield ticks
