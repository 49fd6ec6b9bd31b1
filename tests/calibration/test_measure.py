"""Laws of measuring: what is booked, and on which job."""

import asyncio
from itertools import pairwise

import pytest

import sim.calibration.measure as measuring
from actors.core.work import Core, Job
from sim.calibration.calibrate import costs_of
from sim.calibration.measure import SIZES, measure
from sim.calibration.meter import Meter
from sim.run.plan import Plan


def test_each_part_of_the_way_is_booked_on_one_job() -> None:
    """From one batch taken to the next nothing is left out and nothing is booked twice."""
    meter = Meter(lambda done: None)

    async def way() -> None:
        for _ in range(3):
            meter.taken(8)
            await meter.spend(Job.SEND, 8)
            await meter.received("assembler", 8)
            await meter.spend(Job.PARSE, 8)
            await meter.spend(Job.FEATURES, 8)
            await meter.received("scorer", 8)
            await meter.spend(Job.SCORE, 8)
            await meter.spend(Job.DECIDE, 8)
            await meter.received("logger", 8)
            await meter.spend(Job.LOG, 8)
        meter.taken(0)

    asyncio.run(way())
    assert {job for job, core in meter.samples if core is Core.LOOP} == set(Job) - {Job.WRITE}
    assert (Job.WRITE, Core.WRITER) in meter.samples
    assert all(len(by_size[8]) == 3 for by_size in meter.samples.values())


@pytest.mark.slow
def test_the_real_pipeline_is_measured_job_by_job(real_plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every job gets a cost, larger batches take longer, and progress goes from the first batch to the last."""
    monkeypatch.setattr(measuring, "SIZES", dict.fromkeys(SIZES, 3))
    monkeypatch.setattr(measuring, "ROUNDS", 2)
    told: list[tuple[int, int]] = []
    costs = costs_of(measure(real_plan, lambda done, total: told.append((done, total))))
    for name in (*Job, "score_in_executor"):
        cost = getattr(costs, name)
        assert cost.of_ns(1_024) > cost.of_ns(1) > 0
        assert [rows for rows, _ in cost.measured] == list(SIZES)[name == "score_in_executor" :]
    assert all(later > earlier for (earlier, _), (later, _) in pairwise(told))
    assert told[-1][0] == told[-1][1]


def test_what_a_block_costs_is_in_the_cost_of_sending(real_plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traffic is unpacked and booked before it is sent; each transaction of a batch bears its part of that."""
    monkeypatch.setattr(measuring, "SIZES", dict.fromkeys(SIZES, 3))
    monkeypatch.setattr(measuring, "ROUNDS", 1)

    async def a_millisecond(_: Plan) -> float:
        return 1_000_000.0

    monkeypatch.setattr(measuring, "_taken_ns", a_millisecond)
    costs = costs_of(measure(real_plan, lambda _done, _total: None))
    assert costs.send.of_ns(1_024) > 1_024 * 1_000_000 > costs.parse.of_ns(1_024)
