"""Job times that vary: a factor of mean 1 for each batch, drawn by what is in it and never by what was drawn before."""

import math

import numpy as np

from actors.arrays import F64
from actors.work import Job
from sim.world.mixing import key_of, uniforms
from sim.world.streams import Streams

_BLOCK = 4_096  # factors made at a time: one alone costs ten times as much


class LognormalNoise:
    """The `Noise` of a processor: lognormal factors with mean 1.

    A factor belongs to the job and to the number of the first transaction of the batch, so that a fault which moves
    the batches of one minute leaves those of the next as they were.

    Args:
        sigma: of the logarithm, > 0.
        streams: where chance comes from.
    """

    def __init__(self, sigma: float, streams: Streams) -> None:
        self._sigma = sigma
        self._keys = {job: streams.key(f"work.{job.value}") for job in Job}
        self._made: dict[Job, tuple[int, list[float]]] = {}

    def __call__(self, job: Job, number: int) -> float:
        """Return the factor for the batch of ``job`` that begins with transaction ``number``."""
        block, at = divmod(number, _BLOCK)
        made = self._made.get(job)
        if made is None or made[0] != block:
            made = self._made[job] = block, self._make(job, block).tolist()
        return made[1][at]

    def _make(self, job: Job, block: int) -> F64:
        keys = key_of(self._keys[job], np.arange(block * _BLOCK, (block + 1) * _BLOCK))
        # Box and Muller: two uniform numbers make a normal one.
        radius = np.sqrt(-2 * np.log1p(-uniforms(keys)))
        normal = radius * np.cos(2 * math.pi * uniforms(keys, 1))
        factors: F64 = np.exp(self._sigma * normal - self._sigma**2 / 2)
        return factors
