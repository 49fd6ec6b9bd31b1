"""The processor on virtual time: one token for the event loop, one for the executor."""

from collections.abc import Awaitable, Callable

from actors.clock import Clock
from actors.work import Core, Job
from sim.clocks.costs import Costs

Noise = Callable[[Job, int], float]
"""Gives the factor by which a job takes longer than its cost; its mean should be 1.

It is asked once a batch, with the number of the first transaction in it as this job counts them, from 0.
"""


class Processor:
    """The `Work` port on virtual time. Jobs on one core follow each other first-in first-out, as on a real loop.

    Four stages that each just slept would be four servers; on a real machine they share the loop's one core.

    Args:
        costs: what jobs take.
        clock: the run's.
        noise: spreads the times; None: each job takes exactly its cost.
    """

    def __init__(self, costs: Costs, clock: Clock, noise: Noise | None = None) -> None:
        self._cost_of = {(job, core): costs.of(job, core) for job in Job for core in Core}
        self._took_ns: dict[tuple[Job, Core, int], int] = {}
        self._clock = clock
        self._noise = noise
        self._free_at_ns = dict.fromkeys(Core, 0)
        self._rows_done = dict.fromkeys(Job, 0)
        self.slowdown: dict[Job, float] = {}

    def spend(self, job: Job, rows: int, core: Core = Core.LOOP) -> Awaitable[None]:
        """Wait for ``core`` to be free, then for as long as ``job`` takes on ``rows`` transactions."""
        if self._noise is None and not self.slowdown:
            took_ns = self._took_ns.get((job, core, rows)) or self._remember(job, core, rows)
        else:
            took_ns = round(self._cost_of[job, core].of_ns(rows) * self._factor(job, rows))
        free_ns, now_ns = self._free_at_ns[core], self._clock.now_ns()
        free_ns = took_ns + (now_ns if now_ns > free_ns else free_ns)  # noqa: FURB136 - max takes as long as the rest
        self._free_at_ns[core] = free_ns
        return self._clock.sleep_until_ns(free_ns)

    def _remember(self, job: Job, core: Core, rows: int) -> int:
        took_ns = self._took_ns[job, core, rows] = round(self._cost_of[job, core].of_ns(rows))
        return took_ns

    def _factor(self, job: Job, rows: int) -> float:
        factor = self.slowdown.get(job, 1.0)
        if self._noise is not None:
            factor *= self._noise(job, self._rows_done[job])
            self._rows_done[job] += rows
        return factor
