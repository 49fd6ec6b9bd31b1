"""The pace: how much longer jobs take in a running pipeline than one at a time, tenth of a second by tenth."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from actors.clock import NS_PER_S, Clock
from actors.work import LOOP, OVER, Core, Job
from sim.calibration.measure import LARGEST
from sim.clocks.costs import PACE_NS, Costs
from sim.clocks.cpu import Exact
from sim.clocks.real import loop_factory
from sim.run.machine import real_machine
from sim.run.plan import Plan
from sim.run.probe import calm, even_load, under_way

LOAD = 0.25  # of what one core alone would do in the largest batches; a loop is busy with small ones then
SPAN_S = 6  # a rented processor changes its speed within seconds
SETTLING = 10  # tenths of a second, until cards are known and caches warm


@dataclass(slots=True)
class Pacing:
    """The `Work` port on the real clock: holds the loop's processor time against what its jobs cost one at a time.

    Attributes:
        costs: measured one at a time.
        clock: the run's.
        report: told how many tenths of a second are behind, of how many.
        pace: times as long that jobs took, by tenth of a second.
    """

    costs: Costs
    clock: Clock
    report: Callable[[int, int], None]
    pace: list[float] = field(default_factory=list)
    _alone_ns: dict[Job, Exact] = field(init=False)
    _due_ns: int = 0
    _spent_ns: int = 0
    _until_ns: int = 0

    def __post_init__(self) -> None:
        self._alone_ns = {job: Exact(self.costs.of(job, LOOP)) for job in Job}

    def spend(self, job: Job, rows: int, core: Core = LOOP) -> Awaitable[None]:
        """Note what should have been spent on the loop, and each tenth of a second what was."""
        if core is LOOP:
            self._due_ns += self._alone_ns[job][rows]
            if self.clock.now_ns() >= self._until_ns:
                self._compare()
        return OVER

    def _compare(self) -> None:
        spent_ns = time.thread_time_ns()
        if self._until_ns:
            self.pace.append((spent_ns - self._spent_ns) / self._due_ns)
            self.report(len(self.pace), SPAN_S * NS_PER_S // PACE_NS)
        self._spent_ns, self._due_ns, self._until_ns = spent_ns, 0, self.clock.now_ns() + PACE_NS


def measure_pace(plan: Plan, costs: Costs, report: Callable[[int, int], None]) -> tuple[float, ...]:
    """Return how many times as long as ``costs`` jobs take in the running pipeline, for each tenth of a second.

    Costs are measured one batch after the other, with caches warm and nothing else to do. In a run the loop is woken,
    sets timers, and shares processor, caches and interpreter with the executor, the log and the process that makes the
    traffic; and the machine itself may be faster in one second than in the next.

    Args:
        plan: a synthetic scenario on the real clock; its faults, deadline and shedding are left out.
        costs: measured one at a time.
        report: told how many tenths of a second are behind, of how many.
    """
    alone_ns = sum(costs.of(job, LOOP).of_ns(LARGEST) for job in Job) / LARGEST
    count = round(LOAD * NS_PER_S / alone_ns * SPAN_S)
    with (
        tempfile.TemporaryDirectory(prefix="riskdrill-calibrate-") as folder,
        asyncio.Runner(loop_factory=loop_factory()) as runner,
    ):
        running = replace(plan, scenario=calm(plan.scenario), load=even_load(plan, count, SPAN_S), folder=Path(folder))
        pace = runner.run(_run(running, costs, report))
    return tuple(round(each, 3) for each in pace[SETTLING:])


async def _run(plan: Plan, costs: Costs, report: Callable[[int, int], None]) -> list[float]:
    machine = real_machine(plan)
    pacing = Pacing(costs, machine.clock, report)
    async with under_way(plan, replace(machine, work=pacing)):
        pass  # to its end
    return pacing.pace
