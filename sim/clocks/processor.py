"""The processor on virtual time: one core for the event loop, one for each thread beside it."""

import asyncio
import math
from collections.abc import Awaitable, Callable

import numpy as np

from actors.core.arrays import F64
from actors.core.work import EXECUTOR, LOOP, OVER, WRITER, Core, Job
from sim.chance import Streams, key_of, uniforms
from sim.clocks.costs import PACE_NS, Cost, Costs
from sim.clocks.virtual_clock import VirtualClock

Noise = Callable[[Job, int], float]
"""Gives the factor by which a job takes longer than its cost; its mean should be 1.

It is asked once a batch, with the number of the first transaction in it as this job counts them, from 0.
"""


Occupy = Callable[[Job, int, Core], Awaitable[None]]
"""Keeps a core busy for as long as a job on so many transactions takes."""


class Exact(dict[int, int]):
    """What a job takes without noise, in ns, by the number of transactions; worked out once for each."""

    def __init__(self, cost: Cost) -> None:
        super().__init__()
        self._cost = cost

    def __missing__(self, rows: int) -> int:
        """Work it out."""
        took_ns = self[rows] = round(self._cost.of_ns(rows))
        return took_ns


class Processor:
    """The `Work` port on virtual time.

    Four stages that each just slept would be four servers; on a real machine they share the loop's one core. So a job
    of the loop lets time pass on the spot, as computing does: whatever falls due meanwhile runs late, and an actor
    keeps the core until it waits for something. Those of a thread, the executor's or the decision log's, follow each
    other first-in first-out beside that; of an end the loop hears when it has run what was ready, and whoever waits for
    it goes on a turn later.

    Args:
        costs: what jobs take, and the pace at which they do.
        clock: the run's.
        noise: spreads the times; None: each job takes its cost at the machine's pace.
    """

    def __init__(self, costs: Costs, clock: VirtualClock, noise: Noise | None = None) -> None:
        self._exact_ns = {core: {job: Exact(costs.of(job, core)) for job in Job} for core in Core}
        self._clock = clock
        self._pass_ns = clock.pass_ns
        self._noise = noise
        self._pace = costs.pace
        self._varies = noise is not None or bool(costs.pace)
        self._free_ns = {EXECUTOR: 0, WRITER: 0}
        self._rows_done = dict.fromkeys(Job, 0)

    def spend(self, job: Job, rows: int, core: Core = LOOP) -> Awaitable[None]:
        """Let the time of ``job`` on ``rows`` transactions pass; in a thread, after the jobs given to it before."""
        took_ns = self._exact_ns[core][job][rows]
        if self._varies:
            took_ns = round(took_ns * self._factor(job, rows))
        return self._pass(core, took_ns)

    def occupy(self, job: Job, rows: int, core: Core) -> Awaitable[None]:
        """Let the time of ``job`` pass for what is none of the pipeline's work: the noise of that stays as it was."""
        return self._pass(core, round(self._exact_ns[core][job][rows] * self._pace_now()))

    def _pass(self, core: Core, took_ns: int) -> Awaitable[None]:
        if core is LOOP:
            self._pass_ns(took_ns)
            return OVER
        return self._hand_over(core, took_ns)

    async def _hand_over(self, core: Core, took_ns: int) -> None:
        clock, free_ns = self._clock, self._free_ns
        free_ns[core] = over_ns = max(free_ns[core], clock.now_ns()) + took_ns
        if not clock.pass_until_ns(over_ns):  # else nobody else has anything to do: no turns to wait for
            await clock.sleep_until_ns(over_ns)
            await asyncio.sleep(0)

    def _factor(self, job: Job, rows: int) -> float:
        factor = self._pace_now()
        if self._noise is not None:
            factor *= self._noise(job, self._rows_done[job])
            self._rows_done[job] += rows
        return factor

    def _pace_now(self) -> float:
        return self._pace[self._clock.now_ns() // PACE_NS % len(self._pace)] if self._pace else 1.0


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
