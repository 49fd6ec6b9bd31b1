"""Awaitables that are already complete, coroutines that were started, the loop an object lives on."""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, NoReturn, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Completed(Coroutine[Any, Any, T_co]):
    """What an adapter returns that has answered when it was called: awaited as a coroutine is, again and again.

    Whoever guards calls against long waits takes the value and is done, for a quarter of what a coroutine costs that
    has to be started to find out that it does not wait.

    Args:
        value: the answer.

    Example:
        >>> import asyncio
        >>> async def ask() -> int:
        ...     return await Completed(42)
        >>> asyncio.run(ask())
        42
    """

    __slots__ = ("value",)

    def __init__(self, value: T_co) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, Any, T_co]:
        """Wait for nothing."""
        yield from ()
        return self.value

    def send(self, _: object, /) -> NoReturn:
        """End at once."""
        raise StopIteration(self.value)

    def throw(self, error: BaseException | type[BaseException], *_: object) -> NoReturn:
        """Raise ``error``: there is no wait that it could end."""
        raise error

    def close(self) -> None:
        """Nothing is open."""


class CachedLoop:
    """Asks for the running loop once: before Python 3.12 the answer takes a system call, six times a batch."""

    __slots__ = ("_loop",)

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def future(self) -> asyncio.Future[None]:
        """Return a future of that loop, for someone to wait on."""
        return asyncio.Future(loop=self._loop or self.get())

    def get(self) -> asyncio.AbstractEventLoop:
        """Return the loop that ran when this was first asked; its owner is used on no other."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop


T = TypeVar("T")


def at_once(call: Coroutine[Any, Any, T]) -> T | None:
    """Return what ``call`` returns if it need not wait; None if it would, and it is closed then."""
    try:
        call.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    call.close()
    return None


@coroutine
def resume(started: Coroutine[Any, Any, T], awaited: object) -> Generator[Any, Any, T]:
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
    return (yield from resume(started, awaited))
