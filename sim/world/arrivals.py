"""Intended arrivals of a run: an open-loop schedule that waits for nobody.

Ticks of a process with one arrival a unit of time are carried over to the run's time through the expected count: where
the rate is high, they come to lie close together. Even ticks give constant arrivals, exponential ones Poisson arrivals,
at any rate, ramp or swing.

Source: Çinlar, Introduction to Stochastic Processes, 1975, chapter 4 (time change of a Poisson process).
"""

from collections.abc import Iterator

import numpy as np

from actors.arrays import F64, I64
from actors.clock import NS_PER_S
from sim.world.intensity import Pieces, pieces
from sim.world.phases import Constant, Phase
from sim.world.streams import Streams

_TICKS = 2_048  # drawn at a time


def arrivals(phases: tuple[Phase, ...], streams: Streams) -> Iterator[I64]:
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


def _phase_arrivals(phase: Phase, number: int, streams: Streams) -> Iterator[I64]:
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
