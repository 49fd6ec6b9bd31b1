"""An event loop that an interrupt ends by cancelling its work: never in the middle of a callback, never for ever.

An exception that a signal raises between any two instructions may hit the event loop itself, or a lock of the standard
library. A callback that was on its way is lost then, or the lock stays taken, and closing the loop waits for ever for
the task or the thread that would go on by it.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any, Final, TypeVar

from actors.core.clock import NS_PER_S, RealClock
from sim.signals import drained_by

T = TypeVar("T")

PATIENCE_S: Final = 3.0  # in which the work ends by itself; who presses again later means at once, whatever it breaks


class _Ending:
    """What an interrupt does: cancel the work, and after a while of that raise."""

    def __init__(self, clock: RealClock) -> None:
        self.asked_ns: int | None = None
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[Any] | None = None

    def ask(self) -> None:
        """Be asked to end; called between any two instructions of the main thread."""
        now_ns = self._clock.now_ns()
        if self.asked_ns is None:
            self.asked_ns = now_ns
        elif now_ns - self.asked_ns > PATIENCE_S * NS_PER_S:
            raise KeyboardInterrupt
        if self._work is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._work.cancel)

    async def await_work(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do the work, unless it is too late for that."""
        self._loop, self._work = asyncio.get_running_loop(), asyncio.current_task()
        try:
            if self.asked_ns is not None:
                raise asyncio.CancelledError
            return await work()
        finally:
            self._work = None


def run_interruptibly(
    make_loop: Callable[[], asyncio.AbstractEventLoop], work: Callable[[], Coroutine[Any, Any, T]]
) -> T:
    """Return what ``work`` returns in an event loop of its own; an interrupt cancels it and waits until all is closed.

    Raises:
        KeyboardInterrupt: it was interrupted, and the loop is closed.
    """
    clock = RealClock()
    ending = _Ending(clock)
    with closing(clock), drained_by(ending.ask):
        try:
            with asyncio.Runner(loop_factory=make_loop) as runner:
                result = runner.run(ending.await_work(work))
        except asyncio.CancelledError:
            if ending.asked_ns is None:
                raise
    if ending.asked_ns is not None:
        raise KeyboardInterrupt
    return result


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes an event loop of real time, the fastest there is: uvloop's, or asyncio's on Windows."""
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
