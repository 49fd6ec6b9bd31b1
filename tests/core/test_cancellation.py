"""A cancellation that nobody asked for is a failure of what was called, and everything else stays one."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from actors.core.cancellation import CalledOffError, answer_of, failure_of


async def waits() -> int:
    await asyncio.sleep(3_600)
    return 1


async def gives_up() -> int:
    await asyncio.sleep(0)
    raise asyncio.CancelledError


async def gives_up_at_once() -> int:
    raise asyncio.CancelledError


@pytest.mark.parametrize("call", [gives_up, gives_up_at_once])
def test_a_call_that_cancels_itself_has_failed(call: Callable[[], Awaitable[int]]) -> None:
    """Whoever awaits it gets an error that can be handled, and the task goes on."""

    async def law() -> str:
        with pytest.raises(CalledOffError, match="cancelled from within"):
            await answer_of(call())
        await asyncio.sleep(0)
        return "goes on"

    assert asyncio.run(law()) == "goes on"


def test_whoever_cancels_a_task_ends_it() -> None:
    """A task that is cancelled while it waits for an answer ends cancelled, as any other does."""

    async def law() -> asyncio.Task[int]:
        task = asyncio.create_task(answer_of(waits()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task

    task = asyncio.run(law())
    assert task.cancelled()
    assert failure_of(task) is None


def test_a_time_limit_around_an_answer_stays_a_time_limit() -> None:
    """`asyncio.timeout` cancels the task that waits, which is no failure of what it waits for."""

    async def law() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await answer_of(waits())

    asyncio.run(law())


def test_a_task_that_nobody_cancelled_has_failed() -> None:
    """A task that returns has no failure; one that raises has its error, one whose call gave up has one as well."""

    async def breaks() -> int:
        raise ValueError("broken")

    async def returns() -> int:
        return await answer_of(asyncio.sleep(0, 7))

    async def law() -> list[BaseException | None]:
        tasks = [asyncio.create_task(each()) for each in (returns, breaks, gives_up)]
        await asyncio.gather(*tasks, return_exceptions=True)
        assert tasks[0].result() == 7
        return [failure_of(task) for task in tasks]

    found = asyncio.run(law())
    assert found[0] is None
    assert isinstance(found[1], ValueError)
    assert isinstance(found[2], CalledOffError)
