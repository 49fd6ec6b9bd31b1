"""Laws of the modelled processor."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from actors.core.work import Core, Job
from sim.clocks.costs import PACE_NS, Cost, Costs
from sim.clocks.processor import Noise, Processor
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.virtual import run_virtual

US = 1_000
COSTS = Costs(
    parse=Cost(10.0, 1.0),
    features=Cost(20.0, 2.0),
    score=Cost(5.0, 8.0),
    score_in_executor=Cost(70.0, 8.0),
    write=Cost(5.0, 3.0),
)


def spent_ns(work: Callable[[Processor], Awaitable[object]], noise: Noise | None = None) -> int:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await work(Processor(COSTS, VirtualClock(loop), noise))
        return loop.now_ns

    return run_virtual(main())


def test_a_job_takes_its_fixed_cost_and_one_for_each_row() -> None:
    """A batch of seven takes 10 + 7 × 1 µs."""
    assert spent_ns(lambda cpu: cpu.spend(Job.PARSE, 7)) == 17 * US


def test_stages_share_the_loop_core() -> None:
    """Two jobs of the loop that start together end one after the other: they are not two servers."""
    together = lambda cpu: asyncio.gather(cpu.spend(Job.PARSE, 10), cpu.spend(Job.FEATURES, 10))  # noqa: E731 - short
    assert spent_ns(together) == (20 + 40) * US


def test_an_actor_keeps_the_loop_until_it_waits() -> None:
    """Two jobs of one actor follow each other at once; another that is ready, and what is due meanwhile, come after."""
    ended: list[tuple[str, int]] = []

    async def jobs(name: str, cpu: Processor) -> None:
        for job in (Job.PARSE, Job.FEATURES):
            await cpu.spend(job, 10)
            ended.append((name, asyncio.get_running_loop().now_ns // US))  # type: ignore[attr-defined]

    async def work(cpu: Processor) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(5e-6, lambda: ended.append(("timer", loop.now_ns // US)))  # type: ignore[attr-defined]
        await asyncio.gather(jobs("first", cpu), jobs("second", cpu))

    assert spent_ns(work) == 2 * (20 + 40) * US
    assert ended == [("first", 20), ("first", 60), ("second", 80), ("second", 120), ("timer", 120)]


def test_the_executor_is_a_core_of_its_own() -> None:
    """A job of the executor runs beside one of the loop, and costs what it costs there."""

    async def work(cpu: Processor) -> None:
        scoring = asyncio.ensure_future(cpu.spend(Job.SCORE, 10, Core.EXECUTOR))
        await asyncio.sleep(1e-6)
        await cpu.spend(Job.SCORE, 10, Core.LOOP)
        await scoring

    assert spent_ns(work) == max(150, 1 + 85) * US


def test_a_busy_loop_hears_late_of_what_a_thread_has_done() -> None:
    """A job of the executor begins at once; its end is heard of after what is ready by then, and a turn later."""
    heard_us: list[int] = []

    async def scoring(cpu: Processor) -> None:
        await cpu.spend(Job.SCORE, 10, Core.EXECUTOR)
        heard_us.append(asyncio.get_running_loop().now_ns // US)  # type: ignore[attr-defined]

    async def parsing(cpu: Processor) -> None:
        for _ in range(20):
            await cpu.spend(Job.PARSE, 10)
            await asyncio.sleep(0)

    assert spent_ns(lambda cpu: asyncio.gather(scoring(cpu), parsing(cpu))) == 20 * 20 * US
    assert heard_us == [200]  # over at 150; noticed at 160, behind what is ready then; and a turn


def test_an_idle_loop_hears_of_it_at_once() -> None:
    """No turn has to be waited for; a job of the log's thread waits for those before it there, and for no other."""

    async def work(cpu: Processor) -> None:
        await cpu.spend(Job.SCORE, 10, Core.EXECUTOR)
        await asyncio.gather(*(cpu.spend(Job.WRITE, 10, Core.WRITER) for _ in range(2)))

    assert spent_ns(work) == (150 + 2 * 35) * US


def test_noise_is_asked_with_the_number_of_the_first_row() -> None:
    """Each job counts the transactions it has done, whatever the batches they came in."""
    asked: list[tuple[Job, int]] = []

    def noise(job: Job, number: int) -> float:
        asked.append((job, number))
        return 2.0

    async def work(cpu: Processor) -> None:
        await cpu.spend(Job.PARSE, 3)
        await cpu.spend(Job.FEATURES, 2)
        await cpu.spend(Job.PARSE, 5)

    assert spent_ns(work, noise) == 2 * (13 + 24 + 15) * US
    assert asked == [(Job.PARSE, 0), (Job.FEATURES, 0), (Job.PARSE, 3)]


@pytest.mark.parametrize(
    ("rows", "us"), [(1, 20.0), (4, 32.0), (7, 44.0), (8, 90.0), (54, 145.0), (100, 200.0), (101, 252.0)]
)
def test_a_cost_is_what_was_measured_and_straight_in_between(rows: int, us: float) -> None:
    """Beyond the largest measured batch it goes on as it is given."""
    assert Cost(50.0, 2.0, ((1, 20.0), (7, 44.0), (8, 90.0), (100, 200.0))).of_ns(rows) == us * 1_000


def test_the_pace_goes_over_and_over() -> None:
    """Each span has its own: what is begun in it takes so many times as long, on any core."""
    costs = msgspec.structs.replace(COSTS, pace=(1.0, 2.0, 0.5))

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        clock = VirtualClock(loop)
        cpu, took = Processor(costs, clock), []
        for span in range(6):
            await clock.sleep_until_ns(span * PACE_NS)
            await cpu.spend(Job.PARSE, 10)
            took.append(clock.now_ns() - span * PACE_NS)
        await clock.sleep_until_ns(7 * PACE_NS)
        await cpu.spend(Job.SCORE, 10, Core.EXECUTOR)
        took.append(clock.now_ns() - 7 * PACE_NS)
        return took

    assert run_virtual(main()) == [each * US for each in (20, 40, 10, 20, 40, 10, 300)]


def test_smaller_batches_than_were_measured_cost_as_the_smallest() -> None:
    """No batch of one goes to the executor, where none was measured."""
    assert Cost(50.0, 2.0, ((4, 32.0), (8, 90.0))).of_ns(1) == 32_000
