"""A timeout for one wait after another, with one timer for many of them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from actors.core.awaiting import CachedLoop, Completed, resume
from actors.core.cancellation import CalledOffError
from actors.core.clock import NS_PER_S, Clock

T = TypeVar("T")


class ReusableTimeout:
    """Ends a call with `TimeoutError` when it waits too long; guards one call at a time.

    `asyncio.timeout` sets and cancels a timer for every call, which costs more than a look-up in memory. Here a call is
    started before it is guarded: most end without waiting, and nothing can interrupt those anyway. The timer that was
    set for a call that waited stays, and looks at the call that is on when it fires.

    Args:
        timeout_ns: longest wait.
        clock: the run's clock.

    Attributes:
        timeout_ns: longest wait.
    """

    def __init__(self, timeout_ns: int, clock: Clock) -> None:
        self.timeout_ns = timeout_ns
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._until_ns = 0
        self._expired = False
        self._home = CachedLoop()

    async def guard(self, call: Coroutine[Any, Any, T]) -> T:
        """Return what ``call``, not started yet, returns.

        Raises:
            TimeoutError: it took too long, and nothing else cancelled the task meanwhile.
            CalledOffError: it raised `asyncio.CancelledError` though nobody had cancelled the task.
        """
        if type(call) is Completed:
            answer: T = call.value
            return answer
        until_ns = self._clock.now_ns() + self.timeout_ns
        try:
            awaited = self._clock.start(call, until_ns)
        except StopIteration as ended:
            result: T = ended.value
            return result
        except asyncio.CancelledError as error:  # it has not waited yet, so nobody can have cancelled it
            raise CalledOffError from error
        return await self._wait(call, awaited, until_ns)

    async def _wait(self, call: Coroutine[Any, Any, T], awaited: object, until_ns: int) -> T:
        """Await the rest of a ``call`` that waits for ``awaited``, until ``until_ns`` at most."""
        task = asyncio.current_task(self._home.get())
        if task is None or self._task is not None:
            raise AssertionError("a ReusableTimeout guards one call at a time, of a task")
        self._task, self._until_ns, self._expired = task, until_ns, False
        cancelling = task.cancelling()
        if self._timer is None:
            self._set_timer()
        try:
            return await resume(call, awaited)
        except asyncio.CancelledError as error:
            if self._expired and task.cancelling() <= cancelling + 1:
                raise TimeoutError from error
            if not self._expired and task.cancelling() == cancelling:
                raise CalledOffError from error
            raise
        finally:
            self._task = None
            if self._expired:
                task.uncancel()

    def _set_timer(self) -> None:
        left_ns = self._until_ns - self._clock.now_ns()
        self._timer = self._home.get().call_later(left_ns / NS_PER_S, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._task is None or self._expired:
            return
        if self._until_ns > self._clock.now_ns():
            self._set_timer()
        else:
            self._expired = True
            self._task.cancel()
