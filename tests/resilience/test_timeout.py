"""Laws of the reusable timeout."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.awaiting import Completed
from actors.core.cancellation import CalledOffError
from actors.resilience.timeout import ReusableTimeout
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.support.virtual import run_virtual

TIMEOUT_NS = 5_000_000


def clock() -> VirtualClock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return VirtualClock(loop)


async def sleep(time: VirtualClock, span_ns: int) -> int:
    await time.sleep_ns(span_ns)
    return span_ns


@given(st.lists(st.tuples(st.integers(0, 12_000_000), st.integers(0, 3_000_000)), max_size=20))
def test_a_wait_ends_as_under_a_timer_of_its_own(waits: list[tuple[int, int]]) -> None:
    """One timer for many waits ends each exactly at its timeout, and none before."""

    async def main() -> None:
        time = clock()
        dog = ReusableTimeout(TIMEOUT_NS, time)
        for wait_ns, pause_ns in waits:
            started_ns, late = time.now_ns(), False
            try:
                await dog.guard(sleep(time, wait_ns))
            except TimeoutError:
                late = True
            assert time.now_ns() - started_ns == min(wait_ns, TIMEOUT_NS)
            if wait_ns != TIMEOUT_NS:  # at that very instant either may come first
                assert late == (wait_ns > TIMEOUT_NS)
            await time.sleep_ns(pause_ns)

    run_virtual(main())


def test_a_cancellation_from_outside_stays_one() -> None:
    """Who cancels the task is not told of a timeout instead."""

    async def main() -> None:
        time = clock()

        task = asyncio.create_task(ReusableTimeout(TIMEOUT_NS, time).guard(sleep(time, 2 * TIMEOUT_NS)))
        await time.sleep_ns(TIMEOUT_NS // 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtual(main())


@pytest.mark.parametrize("waits", [False, True])
def test_a_call_that_cancels_itself_has_failed_and_cancels_nobody(waits: bool) -> None:
    """Who waits for it is told so, is not being cancelled, and may ask again."""

    async def give_up() -> None:
        if waits:
            await asyncio.sleep(0)
        raise asyncio.CancelledError

    async def main() -> None:
        time = clock()
        dog = ReusableTimeout(TIMEOUT_NS, time)
        with pytest.raises(CalledOffError, match="cancelled from within"):
            await dog.guard(give_up())
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        assert await dog.guard(sleep(time, 1)) == 1

    run_virtual(main())


def test_an_error_inside_comes_out_as_it_is() -> None:
    """The next wait is guarded as if nothing had happened."""

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    async def main() -> None:
        time = clock()
        dog = ReusableTimeout(TIMEOUT_NS, time)
        with pytest.raises(ZeroDivisionError):
            await dog.guard(fail())
        with pytest.raises(TimeoutError):
            await dog.guard(asyncio.Event().wait())
        assert time.now_ns() == TIMEOUT_NS

    run_virtual(main())


def test_a_call_that_computes_for_longer_than_the_timeout_is_in_time() -> None:
    """Who never waits cannot be interrupted: what it returns counts, and no timer is left behind."""

    async def main() -> None:
        time = clock()

        async def compute() -> str:
            time.pass_ns(2 * TIMEOUT_NS)
            return "done"

        assert await ReusableTimeout(TIMEOUT_NS, time).guard(compute()) == "done"
        assert not time._loop._heap

    run_virtual(main())


def test_an_answer_that_is_there_needs_no_guard() -> None:
    """It is taken as it is, again and again, wherever it is awaited; no timer is set for it."""

    async def main() -> None:
        time, answer = clock(), Completed("there")
        assert await ReusableTimeout(TIMEOUT_NS, time).guard(answer) == "there"
        assert await asyncio.create_task(answer) == await answer == "there"
        assert not time._loop._heap

    run_virtual(main())


def test_a_call_that_waits_when_its_time_is_over_is_too_late() -> None:
    """What it computed before counts: it gets no turn more."""

    async def main() -> None:
        time = clock()

        async def compute_and_wait() -> None:
            time.pass_ns(2 * TIMEOUT_NS)
            await time.sleep_ns(1)

        with pytest.raises(TimeoutError):
            await ReusableTimeout(TIMEOUT_NS, time).guard(compute_and_wait())
        assert time.now_ns() == 2 * TIMEOUT_NS

    run_virtual(main())


def test_a_call_that_cleans_up_has_the_time_it_takes() -> None:
    """It ends when its last wait does, late or with what it makes of the interruption; the task is none the wiser."""

    async def main() -> None:
        time = clock()
        dog = ReusableTimeout(TIMEOUT_NS, time)

        async def clean_up(outcome: Exception | None) -> str:
            try:
                await sleep(time, 2 * TIMEOUT_NS)
            except asyncio.CancelledError:
                await sleep(time, 1)
                await sleep(time, 1)
                if outcome is None:
                    raise
                raise outcome from None
            return "unreachable"

        for outcome, expected in ((None, TimeoutError), (KeyError("key"), KeyError)):
            started_ns = time.now_ns()
            with pytest.raises(expected):
                await dog.guard(clean_up(outcome))
            assert time.now_ns() == started_ns + TIMEOUT_NS + 2
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0

    run_virtual(main())


def test_a_call_may_answer_when_it_is_interrupted() -> None:
    """What it returns then counts, and the task goes on as if nothing had happened."""

    async def main() -> None:
        time = clock()
        dog = ReusableTimeout(TIMEOUT_NS, time)

        async def settle_for_less() -> str:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return "less"
            return "unreachable"

        assert await dog.guard(settle_for_less()) == "less"
        await sleep(time, 2 * TIMEOUT_NS)

    run_virtual(main())
