"""The pace: how much longer jobs take in a running pipeline than one at a time, a fiftieth of a second by the next."""

import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from actors.core.clock import NS_PER_S, Clock
from actors.core.work import LOOP, OVER, WRITE, Core, Job
from sim.calibration.measure import LARGEST
from sim.calibration.meter import wanted_ns
from sim.clocks.costs import PACE_NS, Costs
from sim.clocks.event_loop import loop_factory, run_interruptibly
from sim.clocks.processor import Exact
from sim.run.capacity import calm, even_load, under_way
from sim.run.machine import real_machine
from sim.run.plan import Plan

LOAD = 0.25  # of what one core alone would do in the largest batches; a loop is busy with small ones then
SPAN_S = 6  # a rented processor changes its speed within seconds
SETTLING = NS_PER_S // PACE_NS  # factors until cards are known and caches warm
LEAST_NS = PACE_NS // 10  # of work that a factor is measured by
LEAST_FACTOR = 0.001  # as fine as factors are kept: jobs that took no time at all would be no costs


@dataclass(slots=True)
class Pacing:
    """The `Work` port on the real clock: holds the loop's time against what its jobs cost one at a time.

    That is its thread's processor time, and the time for which it wanted a processor and others had it.

    Attributes:
        costs: measured one at a time.
        clock: the run's.
        report: told how many factors there are.
        pace: times as long that jobs took, a factor for each `PACE_NS`.
    """

    costs: Costs
    clock: Clock
    report: Callable[[int], None] = lambda _count: None
    pace: list[float] = field(default_factory=list)
    _alone_ns: dict[Job, Exact] = field(init=False)
    _due_ns: int = 0
    _wanted_ns: int = 0
    _begun_ns: int | None = None

    def __post_init__(self) -> None:
        self._alone_ns = {job: Exact(self.costs.of(job, LOOP)) for job in Job}

    def spend(self, job: Job, rows: int, core: Core = LOOP) -> Awaitable[None]:
        """Note what should have been spent on the loop, and from time to time what was."""
        if core is LOOP:
            self._due_ns += self._alone_ns[job][rows]
            now_ns = self.clock.now_ns()
            if self._begun_ns is None or (now_ns - self._begun_ns >= PACE_NS and self._due_ns >= LEAST_NS):
                self._compare(now_ns)
        return OVER

    def _compare(self, now_ns: int) -> None:
        wanted_now_ns = wanted_ns()
        if self._begun_ns is not None:
            factor = (wanted_now_ns - self._wanted_ns) / self._due_ns
            self.pace.extend([max(LEAST_FACTOR, round(factor, 3))] * round((now_ns - self._begun_ns) / PACE_NS))
            self.report(len(self.pace))
        self._wanted_ns, self._due_ns, self._begun_ns = wanted_now_ns, 0, now_ns


def measure_pace(plan: Plan, costs: Costs, report: Callable[[int, int], None]) -> tuple[float, ...]:
    """Return how many times as long as ``costs`` jobs take in the running pipeline, a factor for each `PACE_NS`.

    Costs are measured one batch after the other, with caches warm and nothing else to do. In a run the loop is woken,
    sets timers, and shares processor, caches and interpreter with the executor, the log and the process that makes the
    traffic; and the machine itself may be faster in one second than in the next.

    Args:
        plan: a synthetic scenario on the real clock; its faults, deadline and shedding are left out.
        costs: measured one at a time.
        report: told how many factors there are, of how many.
    """
    alone_ns = sum(costs.of(job, LOOP).of_ns(LARGEST) for job in Job if job is not WRITE) / LARGEST
    count, total = round(LOAD * NS_PER_S / alone_ns * SPAN_S), SPAN_S * NS_PER_S // PACE_NS
    with tempfile.TemporaryDirectory(prefix="riskdrill-calibrate-") as folder:
        running = replace(plan, scenario=calm(plan.scenario), load=even_load(plan, count, SPAN_S), folder=Path(folder))
        work = partial(_run, running, costs, lambda done: report(min(done, total), total))
        pace = run_interruptibly(loop_factory(), work)
    return tuple(pace[SETTLING:])


async def _run(plan: Plan, costs: Costs, report: Callable[[int], None]) -> list[float]:
    machine = real_machine(plan)
    pacing = Pacing(costs, machine.clock, report)
    async with under_way(plan, replace(machine, work=pacing)):
        pass  # to its end
    return pacing.pace
