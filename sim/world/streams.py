"""Chance: independent random streams, each known by its name.

A stream depends on the seed and on its own name only, so that a new stream (a fault, a phase, one more fraud pattern)
leaves every other one as it was. Names are digested, never hashed by Python, whose text hash differs between processes.
"""

import hashlib

import numpy as np

from actors.arrays import F64, I64
from sim.world.mixing import key_of, uniforms


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
