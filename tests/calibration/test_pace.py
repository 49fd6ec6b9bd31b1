"""Laws of the pace: what was spent over what was due, tenth of a second by tenth."""

import asyncio

import msgspec
import pytest

import sim.calibration.pace as pacing
from actors.core.clock import NS_PER_S
from actors.core.work import Core, Job
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
    """A span in which the thread wanted a processor twice as long as its jobs cost has a pace of two.

    One that was over late counts as often as it was long; one with next to nothing to do goes on until there was more.
    """
    wanted_ns = iter((0, 8_000_000, 12_000_000, 18_000_000))
    monkeypatch.setattr(pacing, "wanted_ns", lambda: next(wanted_ns))
    clock, costs = Hand(), Costs()
    each_ns = round(costs.parse.of_ns(10))
    measured = Pacing(costs, clock)  # type: ignore[arg-type]  # only asked for now

    async def work() -> None:
        await measured.spend(Job.PARSE, 10)
        for due_ns, spans in ((4_000_000, 1), (8_000_000, 3), (1_000_000, 1), (2_000_000, 1)):
            for _ in range(due_ns // each_ns - 1):
                await measured.spend(Job.PARSE, 10)
                await measured.spend(Job.SCORE, 1_000, Core.EXECUTOR)  # another thread's
            clock.at_ns += spans * PACE_NS
            await measured.spend(Job.PARSE, 10)

    asyncio.run(work())
    assert measured.pace == pytest.approx([2.0, *[0.5] * 3, 3.0], rel=0.05)


def test_a_span_for_which_no_time_was_booked_has_a_pace_that_can_be_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine books a thread's time late; such a factor is the least there is, never none."""
    monkeypatch.setattr(pacing, "wanted_ns", lambda: 0)
    clock, costs = Hand(), Costs()
    measured = Pacing(costs, clock)  # type: ignore[arg-type]  # only asked for now

    async def work() -> None:
        for _ in range(3):
            await measured.spend(Job.PARSE, 100_000)
            clock.at_ns += PACE_NS

    asyncio.run(work())
    assert measured.pace == [pacing.LEAST_FACTOR] * 2
    kept = msgspec.json.encode(msgspec.structs.replace(costs, pace=tuple(measured.pace)))
    assert msgspec.json.decode(kept, type=Costs).pace == tuple(measured.pace)


@pytest.mark.slow
def test_the_running_pipeline_has_a_pace(real_plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A factor for each span in which it ran and had settled; progress goes up to the last."""
    monkeypatch.setattr(pacing, "SPAN_S", 2)
    told: list[tuple[int, int]] = []
    pace = measure_pace(real_plan, Costs(), lambda done, total: told.append((done, total)))
    assert pace
    assert min(pace) > 0
    done, total = told[-1]
    assert total == 2 * NS_PER_S // PACE_NS
    assert done == min(len(pace) + pacing.SETTLING, total)
