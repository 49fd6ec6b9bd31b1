"""Does the virtual loop work on this Python? A script that needs the standard library and the repository alone.

It prints the version and exits with 0; what does not hold ends it with a trace. It exercises every private name of
asyncio that the loop relies on: ``_ready``, ``_stopping``, ``_run_once``, ``_check_closed``, ``_process_events``,
``_write_to_self`` and ``_timer_handle_cancelled`` of the loop, ``_cancelled`` and ``_run`` of its handles.
"""

import asyncio
import platform
import sys
from collections.abc import Coroutine
from typing import TypeVar

from sim.clocks.virtual_loop import DeadlockError, NotVirtualError, VirtualLoop

T = TypeVar("T")

S = 1_000_000_000
FOREIGN = ("numpy", "uvloop", "msgspec", "lightgbm")


def run(main: Coroutine[object, object, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def here() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


async def sleeps_are_exact() -> None:
    for _ in range(7):
        await asyncio.sleep(0.3)
    assert here().now_ns == 2_100_000_000
    await here().wake_at_ns(3 * S + 1)
    assert here().now_ns == 3 * S + 1


async def ties_are_first_in_first_out() -> None:
    fired: list[int] = []
    for number in range(20):
        here().call_later(1.0, fired.append, number)
    await asyncio.sleep(2)
    assert fired == list(range(20))


async def cancelled_timers_are_passed_over() -> None:
    fired: list[str] = []
    here().call_later(1, fired.append, "off").cancel()
    here().call_at(here().time() + 2, fired.append, "on")
    await asyncio.sleep(3)
    assert fired == ["on"]


async def tools_follow_virtual_time() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def produce() -> None:
        for number in range(3):
            await asyncio.sleep(1)
            await queue.put(number)

    async with asyncio.TaskGroup() as group:
        group.create_task(produce())
        assert [await queue.get() for _ in range(3)] == [0, 1, 2]
    started_ns = here().now_ns
    try:
        async with asyncio.timeout(0.005):
            await asyncio.Event().wait()
    except TimeoutError:
        assert here().now_ns - started_ns == 5_000_000
    else:
        raise AssertionError("no timeout")
    assert await asyncio.wait_for(asyncio.sleep(2, "done"), 3) == "done"
    assert list(await asyncio.gather(asyncio.sleep(1, 1), asyncio.sleep(1, 2))) == [1, 2]


async def executor_calls_are_inline() -> None:
    started_ns = here().now_ns
    assert await here().run_in_executor(None, sum, (1, 2)) == 3
    assert await asyncio.to_thread(sum, (3, 4)) == 7
    assert here().now_ns == started_ns


async def the_outside_is_refused() -> None:
    try:
        await asyncio.open_connection("127.0.0.1", 1)
    except NotVirtualError:
        return
    raise AssertionError("a connection was made")


async def deadlock() -> None:
    await asyncio.create_task(asyncio.Event().wait(), name="actor")


def main() -> None:
    for law in (
        sleeps_are_exact,
        ties_are_first_in_first_out,
        cancelled_timers_are_passed_over,
        tools_follow_virtual_time,
        executor_calls_are_inline,
        the_outside_is_refused,
    ):
        run(law())
    found = ""
    try:
        run(deadlock())
    except DeadlockError as error:
        found = str(error)
    assert "actor at Event.wait" in found, found or "a deadlock went unseen"
    assert not set(FOREIGN) & set(sys.modules), "the loop must need the standard library alone"
    sys.stdout.write(platform.python_version() + "\n")


if __name__ == "__main__":
    main()
