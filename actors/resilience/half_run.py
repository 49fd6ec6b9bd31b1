"""Awaiting the rest of a coroutine that someone has started."""

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


@coroutine
def go_on(started: Coroutine[Any, Any, T], awaited: object) -> Generator[Any, Any, T]:
    """Await ``started``, which has run up to where it waits for ``awaited``, as if it had been awaited from its start.

    Args:
        started: what was started, as by ``started.send(None)``.
        awaited: what that returned; the task has not seen it yet.
    """
    try:
        yield awaited
    except BaseException as error:  # noqa: BLE001 - whatever ends the wait, a cancellation above all, is its affair
        try:
            awaited = started.throw(error)
        except StopIteration as ended:
            result: T = ended.value
            return result
    else:
        result = yield from started
        return result
    return (yield from go_on(started, awaited))
