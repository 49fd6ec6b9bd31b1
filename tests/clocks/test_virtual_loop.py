"""Laws of the virtual loop."""

import asyncio
import itertools
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.resilience.timeout import ReusableTimeout
from sim.clocks import virtual_loop
from sim.clocks.virtual_clock import VirtualClock
from sim.clocks.virtual_loop import DeadlockError, NotVirtualError, StandstillError, VirtualLoop
from tests.support.virtual import run_virtual

MS = 1_000_000


def now_ns() -> int:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.now_ns


def test_time_starts_at_zero_and_jumps_exactly() -> None:
    """Seven sleeps of 0.3 s are 2.1 s to the nanosecond, which floats are not."""

    async def main() -> int:
        assert now_ns() == 0
        for _ in range(7):
            await asyncio.sleep(0.3)
        return now_ns()

    assert run_virtual(main()) == 2_100_000_000


@given(st.lists(st.integers(0, 5), max_size=40))
def test_equal_instants_run_first_in_first_out(delays: list[int]) -> None:
    """Timers fire by instant, and at one instant in the order they were set, whichever way they were set."""

    async def main() -> list[tuple[int, int]]:
        fired: list[tuple[int, int]] = []
        loop = asyncio.get_running_loop()
        clock = VirtualClock(loop)  # type: ignore[arg-type]

        async def sleeper(number: int, delay: int) -> None:
            await clock.sleep_ns(delay * MS)
            fired.append((now_ns() // MS, number))

        tasks = []
        for number, delay in enumerate(delays):
            if number % 2 and delay:
                loop.call_later(delay / 1e3, lambda n=number: fired.append((now_ns() // MS, n)))  # type: ignore[misc]
                await asyncio.sleep(0)
            else:
                tasks.append(asyncio.create_task(sleeper(number, delay)))
                await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        await asyncio.sleep(1)
        return fired

    fired = run_virtual(main())
    expected = sorted(((delay, number) for number, delay in enumerate(delays)))
    assert [pair for pair in fired if pair[0] > 0] == [pair for pair in expected if pair[0] > 0]


def test_timeouts_queues_groups_follow_virtual_time() -> None:
    """The standard library's tools need no change."""

    async def main() -> list[object]:
        seen: list[object] = []
        queue: asyncio.Queue[int] = asyncio.Queue(1)

        async def produce() -> None:
            for number in range(3):
                await asyncio.sleep(1)
                await queue.put(number)

        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            for _ in range(3):
                number = await queue.get()
                seen.append((number, now_ns()))
        try:
            async with asyncio.timeout(0.005):
                await asyncio.Event().wait()
        except TimeoutError:
            seen.append(now_ns())
        seen.append(await asyncio.wait_for(asyncio.sleep(2, "done"), 3))
        return seen

    second = 1_000_000_000
    assert run_virtual(main()) == [(0, second), (1, 2 * second), (2, 3 * second), 3_005 * MS, "done"]


def test_a_cancelled_timer_does_not_move_time() -> None:
    """Time goes to what is due, not to what was called off."""

    async def main() -> int:
        asyncio.get_running_loop().call_later(50, print).cancel()
        await asyncio.sleep(60)
        return now_ns()

    assert run_virtual(main()) == 60_000_000_000


def test_a_deadlock_names_who_waits() -> None:
    """Instead of hanging, it says which actors wait and where."""

    async def main() -> None:
        waiting = asyncio.Event()
        task = asyncio.create_task(waiting.wait(), name="scorer")
        await task

    with pytest.raises(DeadlockError, match=r"deadlock at 0 s.*scorer at Event\.wait:\d+"):
        run_virtual(main())


@pytest.mark.parametrize("turns", [0, 1])
def test_a_standstill_in_a_guarded_call_names_its_line(monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    """Whether the call waits for the first time or again: it is the call that does not end, not its timeout."""
    monkeypatch.setattr(virtual_loop, "MOST_AT_ONE_INSTANT", 10_000)

    async def unanswered() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.get_running_loop().create_future()

    async def busy() -> None:
        for _ in itertools.count():
            await asyncio.sleep(0)

    async def main() -> None:
        clock = VirtualClock(asyncio.get_running_loop())  # type: ignore[arg-type]  # the virtual loop runs it
        other = asyncio.create_task(busy(), name="other")
        await asyncio.create_task(ReusableTimeout(MS, clock).guard(unanswered()), name="assembler")
        await other

    with pytest.raises(StandstillError, match=r"waiting: .*assembler at .*unanswered:\d+"):
        run_virtual(main())


def test_time_that_stands_still_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless work at one instant ends with an error that names it."""
    monkeypatch.setattr(virtual_loop, "MOST_AT_ONE_INSTANT", 10_000)

    async def retry() -> None:
        for _ in itertools.count():
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.sleep(3)
        await asyncio.create_task(retry(), name="eager retry")

    with pytest.raises(StandstillError, match=r"stands still at 3 s.*eager retry at .*retry"):
        run_virtual(main())


def test_work_that_takes_no_time_does_not_move_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless jobs that cost nothing are as much of a standstill."""
    monkeypatch.setattr(virtual_loop, "MOST_AT_ONE_INSTANT", 10_000)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        for _ in range(20_000):  # without the bound it would end
            loop.jump_ns(0)
            await asyncio.sleep(0)

    with pytest.raises(StandstillError, match="stands still at 0 s"):
        run_virtual(main())


def test_executor_calls_run_inline() -> None:
    """Their result or error comes at the same instant, in the same thread."""

    async def main() -> tuple[int, int, int]:
        loop = asyncio.get_running_loop()
        thread = await loop.run_in_executor(None, threading.get_ident)
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, divmod, 1, 0)
        return thread, await asyncio.to_thread(lambda: 7), now_ns()

    assert run_virtual(main()) == (threading.get_ident(), 7, 0)


def test_a_jump_makes_timers_late_but_never_turns_time_back() -> None:
    """A stall of 30 ms lets a timer at 10 ms fire at 30 ms, and one at 40 ms on time."""

    async def main() -> list[int]:
        fired: list[int] = []
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.call_later(0.010, lambda: fired.append(loop.now_ns // MS))
        loop.call_later(0.040, lambda: fired.append(loop.now_ns // MS))
        loop.jump_ns(30 * MS)
        await asyncio.sleep(0.1)
        return [*fired, loop.now_ns // MS]

    assert run_virtual(main()) == [30, 40, 130]


def test_the_outside_is_refused() -> None:
    """Sockets, processes and other threads have no virtual instant."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for attempt in (
            lambda: asyncio.open_connection("127.0.0.1", 1),
            lambda: asyncio.create_subprocess_exec("true"),
            lambda: loop.getaddrinfo("localhost", 1),
        ):
            with pytest.raises(NotVirtualError, match="clock: real"):
                await attempt()
        errors: list[BaseException] = []

        def call_in() -> None:
            try:
                loop.call_soon_threadsafe(print)
            except NotVirtualError as error:
                errors.append(error)

        thread = threading.Thread(target=call_in)
        thread.start()
        thread.join()
        assert len(errors) == 1

    run_virtual(main())


def test_an_error_that_no_one_handles_ends_the_run() -> None:
    """A simulation does not go on after a bug."""

    async def main() -> None:
        asyncio.get_running_loop().call_later(1, divmod, 1, 0)
        await asyncio.sleep(5)

    with pytest.raises(ZeroDivisionError):
        run_virtual(main())


def test_the_sampler_sees_and_changes_nothing() -> None:
    """With someone looking, the same things happen at the same instants."""

    async def main(sampler: Callable[[], None] | None) -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.sampler = sampler
        for _ in range(1_000):
            await asyncio.sleep(0.001)
        return loop.now_ns, loop._sequence

    looks: list[int] = []
    assert run_virtual(main(lambda: looks.append(1))) == run_virtual(main(None))
    assert looks
