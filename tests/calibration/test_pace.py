"""Laws of the pace: what was spent over what was due, tenth of a second by tenth."""

import asyncio
import time

import pytest

import sim.calibration.pace as pacing
from actors.work import Core, Job
from sim.calibration.pace import Pacing, measure_pace
from sim.clocks.costs import PACE_NS, Costs
from sim.run.plan import Plan


class Hand:
    """A clock whose hand is moved by hand."""

    def __init__(self) -> None:
        self.at_ns = 1

    def now_ns(self) -> int:
        return self.at_ns


def test_the_pace_is_spent_over_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of a second in which the thread ran twice as long as its jobs cost has a pace of two."""
    spent_ns = iter((0, 40_000_000, 60_000_000))
    monkeypatch.setattr(time, "thread_time_ns", lambda: next(spent_ns))
    clock, costs = Hand(), Costs()
    each_ns = round(costs.parse.of_ns(10))
    measured = Pacing(costs, clock, lambda _done, _total: None)  # type: ignore[arg-type]  # only asked for now

    async def work() -> None:
        await measured.spend(Job.PARSE, 10)
        for count in (20_000_000 // each_ns, 40_000_000 // each_ns):
            for _ in range(count - 1):
                await measured.spend(Job.PARSE, 10)
                await measured.spend(Job.SCORE, 1_000, Core.EXECUTOR)  # another thread's
            clock.at_ns += PACE_NS
            await measured.spend(Job.PARSE, 10)

    asyncio.run(work())
    assert measured.pace == pytest.approx([2.0, 0.5], rel=0.01)


@pytest.mark.slow
def test_the_running_pipeline_has_a_pace(real_plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A factor for each tenth of a second in which it ran and had settled; progress goes up to the last."""
    monkeypatch.setattr(pacing, "SPAN_S", 2)
    told: list[tuple[int, int]] = []
    pace = measure_pace(real_plan, Costs(), lambda done, total: told.append((done, total)))
    assert pace
    assert min(pace) > 0
    assert told[-1] == (len(pace) + pacing.SETTLING, 20)
