"""The chance in a fault: streams of its own, drawn by counter, so that no other draw of the run is shifted."""

from collections import Counter

import numpy as np

from actors.arrays import F64, I64
from sim.world.streams import Streams


class Chance:
    """Uniform draws for one fault.

    Args:
        streams: those of the run.
        name: of the fault.
    """

    def __init__(self, streams: Streams, name: str) -> None:
        self._streams = streams
        self._name = name
        self._drawn: Counter[str] = Counter()

    def next(self, purpose: str) -> float:
        """Return the next draw for ``purpose``, in [0, 1): the first call's, the second's, and so on."""
        number = self._drawn[purpose]
        self._drawn[purpose] += 1
        return float(self.of(purpose, np.array([number]))[0])

    def of(self, purpose: str, numbers: I64) -> F64:
        """Return the draw for ``purpose`` that belongs to each number, float64 (n,) in [0, 1)."""
        return self._streams.counter(self.stream(purpose), numbers)

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a new generator at the start of the stream for ``purpose``."""
        return self._streams[self.stream(purpose)]

    def stream(self, purpose: str) -> str:
        """Return the name of the stream for ``purpose``."""
        return f"fault.{self._name}.{purpose}"
