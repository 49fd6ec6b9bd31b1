"""Chance: independent random streams, each known by its name, drawn in turn or by counter.

A stream depends on the seed and on its own name only, so that a new stream (a fault, a phase, one more fraud pattern)
leaves every other one as it was. Names are digested, never hashed by Python, whose text hash differs between processes.

Where a fact must be the same whenever it is asked for (is this card travelling on that day?), it is computed from its
key instead of being drawn in turn and remembered.

Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014 (SplitMix64).
"""

import hashlib
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from actors.core.arrays import F64, I64

U64 = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


def mix(keys: U64) -> U64:
    """Return 64 well-mixed bits for each key."""
    mixed = keys + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))


def key_of(seed: int, *parts: I64 | int) -> U64:
    """Return one key for each row of ``parts``, which are integers or arrays that broadcast to shape (n,)."""
    key = np.full(1, seed & 0xFFFF_FFFF_FFFF_FFFF, dtype=np.uint64)
    for part in parts:
        key = mix(key ^ np.atleast_1d(np.asarray(part, dtype=np.int64)).view(np.uint64))
    return key


def uniforms(keys: U64, draw: int = 0) -> F64:
    """Return uniform numbers in [0, 1); another ``draw`` gives others for the same keys."""
    bits = mix(keys + np.uint64(draw))
    return (bits >> np.uint64(11)).astype(np.float64) * _TO_UNIT


_WORD = 0xFFFF_FFFF_FFFF_FFFF


def uniform(seed: int, part: int) -> float:
    """Return ``uniforms(key_of(seed, part))[0]``, in a tenth of the time.

    Example:
        >>> bool(uniform(7, 42) == uniforms(key_of(7, 42))[0])
        True
    """
    bits = _mix_one(_mix_one((seed ^ part) & _WORD))
    return (bits >> 11) * _TO_UNIT


def _mix_one(key: int) -> int:
    mixed = (key + 0x9E3779B97F4A7C15) & _WORD
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
    return mixed ^ (mixed >> 31)


class Streams:
    """Named generators made from one seed.

    Example:
        >>> first, again = Streams(7)["arrivals"], Streams(7)["arrivals"]
        >>> bool(first.random() == again.random())
        True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __getitem__(self, name: str) -> np.random.Generator:
        """Return a new generator at the start of the stream ``name``."""
        return np.random.default_rng(np.frombuffer(self._digest(name), dtype="<u4"))

    def key(self, name: str) -> int:
        """Return 64 bits that stand for the stream ``name``, for draws by counter."""
        return int.from_bytes(self._digest(name)[:8], "little")

    def counter(self, name: str, numbers: I64) -> F64:
        """Return the uniform draw in [0, 1) that belongs to each transaction number.

        A draw depends on the stream and the number, never on batch boundaries or on what was drawn before.

        Args:
            name: the stream.
            numbers: transaction numbers, shape (n,).
        """
        return uniforms(key_of(self.key(name), numbers))

    def _digest(self, name: str) -> bytes:
        return hashlib.sha256(f"{self.seed}:{name}".encode()).digest()


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
