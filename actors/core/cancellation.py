"""Who cancelled a call: whoever waits for it, or whatever it called, which is a failure like any other.

`asyncio.CancelledError` says both. A port that raises it though nobody had cancelled the task would otherwise end the
task that asked it, without a word, and nothing would be done any more that the task was there for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


class CalledOffError(Exception):
    """A call was cancelled, and not by whoever waits for it: what it asked has failed."""

    def __init__(self) -> None:
        super().__init__("the call was cancelled from within")


def called_off() -> bool:
    """Return whether a `CancelledError` that was just caught came out of the call: nobody has cancelled this task."""
    task = asyncio.current_task()
    return task is not None and not task.cancelling()


async def answer_of(call: Awaitable[T]) -> T:
    """Return what ``call`` returns, awaited in this task.

    Raises:
        CalledOffError: it raised `asyncio.CancelledError` though nobody had cancelled this task.
    """
    try:
        return await call
    except asyncio.CancelledError as error:
        if called_off():
            raise CalledOffError from error
        raise


def failure_of(task: "asyncio.Task[Any]") -> BaseException | None:
    """Return what ended ``task``, which is done; None if it has returned, or someone has cancelled it."""
    if task.cancelled():
        return None if task.cancelling() else CalledOffError()
    return task.exception()


def surfacing_in(ended: "asyncio.Future[Any]") -> "Callable[[asyncio.Task[Any]], None]":
    """Return a callback for helpers of what ``ended`` waits for: an error of one ends it, and does not go unseen."""

    def surface(task: "asyncio.Task[Any]") -> None:
        if (error := failure_of(task)) is not None and not ended.done():
            ended.set_exception(error)

    return surface
