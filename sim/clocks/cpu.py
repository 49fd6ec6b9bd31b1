"""The processor on virtual time: one core for the event loop, one for the executor."""

import asyncio
from collections.abc import Awaitable, Callable

from actors.work import LOOP, OVER, Core, Job
from sim.clocks.costs import PACE_NS, Cost, Costs
from sim.clocks.virtual_clock import VirtualClock

Noise = Callable[[Job, int], float]
"""Gives the factor by which a job takes longer than its cost; its mean should be 1.

It is asked once a batch, with the number of the first transaction in it as this job counts them, from 0.
"""


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
    keeps the core until it waits for something. Those of the executor follow each other first-in first-out beside that;
    to start one and to hear of its end takes a turn of the loop each, since a thread needs the interpreter for both,
    and the loop lets go of it when it has run what was ready.

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
        self._executor_free_ns = 0
        self._rows_done = dict.fromkeys(Job, 0)
        self.slowdown: dict[Job, float] = {}

    def spend(self, job: Job, rows: int, core: Core = LOOP) -> Awaitable[None]:
        """Let the time of ``job`` on ``rows`` transactions pass; on the executor, after the jobs given to it before."""
        took_ns = self._exact_ns[core][job][rows]
        if self._varies or self.slowdown:
            took_ns = round(took_ns * self._factor(job, rows))
        if core is LOOP:
            self._pass_ns(took_ns)
            return OVER
        return self._hand_over(took_ns)

    async def _hand_over(self, took_ns: int) -> None:
        await asyncio.sleep(0)
        self._executor_free_ns = max(self._executor_free_ns, self._clock.now_ns()) + took_ns
        await self._clock.sleep_until_ns(self._executor_free_ns)
        await asyncio.sleep(0)

    def _factor(self, job: Job, rows: int) -> float:
        factor = self.slowdown.get(job, 1.0)
        if self._pace:
            factor *= self._pace[self._clock.now_ns() // PACE_NS % len(self._pace)]
        if self._noise is not None:
            factor *= self._noise(job, self._rows_done[job])
            self._rows_done[job] += rows
        return factor
