"""A timeout for one wait after another, with one timer for many of them."""

import asyncio
from types import TracebackType

from actors.clock import NS_PER_S, Clock
from actors.home_loop import HomeLoop


class Watchdog:
    """Ends the wait inside it with `TimeoutError` when it takes too long; holds one wait at a time.

    `asyncio.timeout` sets and cancels a timer for every wait, which costs more than a look-up in memory. Here the timer
    that was set for one wait stays, and looks at the wait that is on when it fires.

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
        self._cancelling = 0
        self._expired = False
        self._home = HomeLoop()

    def __enter__(self) -> None:
        """Begin a wait of the current task."""
        task = asyncio.current_task(self._home.get())
        if task is None or self._task is not None:
            raise AssertionError("a watchdog guards one wait at a time, of a task")
        self._task = task
        self._expired = False
        self._cancelling = task.cancelling()
        self._until_ns = self._clock.now_ns() + self.timeout_ns
        if self._timer is None:
            self._set_timer(self.timeout_ns)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End the wait.

        Raises:
            TimeoutError: it took too long, and nothing else cancelled the task meanwhile.
        """
        task, self._task = self._task, None
        if (
            self._expired
            and task is not None
            and task.uncancel() <= self._cancelling
            and kind is asyncio.CancelledError
        ):
            raise TimeoutError from error

    def _set_timer(self, left_ns: int) -> None:
        self._timer = self._home.get().call_later(left_ns / NS_PER_S, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._task is None or self._expired:
            return
        left_ns = self._until_ns - self._clock.now_ns()
        if left_ns > 0:
            self._set_timer(left_ns)
        else:
            self._expired = True
            self._task.cancel()
