"""Laws of the watchdog."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.resilience.watchdog import Watchdog
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import VirtualLoop
from tests.virtual import run_virtual

TIMEOUT_NS = 5_000_000


def clock() -> VirtualClock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return VirtualClock(loop)


@given(st.lists(st.tuples(st.integers(0, 12_000_000), st.integers(0, 3_000_000)), max_size=20))
def test_a_wait_ends_as_under_a_timer_of_its_own(waits: list[tuple[int, int]]) -> None:
    """One timer for many waits ends each exactly at its timeout, and none before."""

    async def main() -> None:
        time = clock()
        dog = Watchdog(TIMEOUT_NS, time)
        for wait_ns, pause_ns in waits:
            started_ns, late = time.now_ns(), False
            try:
                with dog:
                    await time.sleep_ns(wait_ns)
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

        async def wait() -> None:
            with Watchdog(TIMEOUT_NS, time):
                await time.sleep_ns(2 * TIMEOUT_NS)

        task = asyncio.create_task(wait())
        await time.sleep_ns(TIMEOUT_NS // 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtual(main())


def test_an_error_inside_comes_out_as_it_is() -> None:
    """The next wait is guarded as if nothing had happened."""

    async def main() -> None:
        time = clock()
        dog = Watchdog(TIMEOUT_NS, time)
        with pytest.raises(ZeroDivisionError), dog:
            await time.sleep_ns(1 // 0)
        with pytest.raises(TimeoutError), dog:
            await asyncio.Event().wait()
        assert time.now_ns() == TIMEOUT_NS

    run_virtual(main())
