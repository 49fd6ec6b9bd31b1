"""A timer descriptor of the operating system: wakes the event loop at an instant, to some 10 µs."""

import asyncio
import ctypes
import heapq
import os
import sys
from functools import partial

_CLOCK_MONOTONIC = 1  # what perf_counter_ns reads on Linux
_FLAGS = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_ABSOLUTE = 1
_NS_PER_S = 1_000_000_000


class _Spec(ctypes.Structure):
    """``struct itimerspec``: interval and first expiry, each in seconds and nanoseconds."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class Timer:
    """One timer descriptor shared by all who wait on one event loop (``os.timerfd_create`` comes with Python 3.13)."""

    def __init__(self, fd: int, libc: ctypes.CDLL) -> None:
        self._fd = fd
        self._spec = _Spec()
        self._settime = partial(libc.timerfd_settime, fd, _ABSOLUTE, ctypes.byref(self._spec), None)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._sequence = 0

    @staticmethod
    def create() -> "Timer | None":
        """Return a timer, or None where the system has none."""
        if not sys.platform.startswith("linux"):
            return None
        libc = ctypes.CDLL(None, use_errno=True)
        fd = int(libc.timerfd_create(_CLOCK_MONOTONIC, _FLAGS))
        return Timer(fd, libc) if fd >= 0 else None

    async def wait_until_ns(self, at_ns: int) -> None:
        """Wait until ``at_ns`` of the monotonic clock."""
        future = self._watch().create_future()
        self._sequence += 1
        heapq.heappush(self._waiting, (at_ns, self._sequence, future))
        if self._waiting[0][2] is future:
            self._arm()
        await future

    def close(self) -> None:
        """Give the descriptor back; who still waits is cancelled."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._fd)
        for _, _, future in self._waiting:
            future.cancel()
        os.close(self._fd)

    def _watch(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or self._loop.is_closed():  # before Python 3.12 to ask which one runs is a system call
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._fd, self._expired)
        return self._loop

    def _arm(self) -> None:
        at_ns = max(1, self._waiting[0][0])  # zero would disarm it
        self._spec.value_s, self._spec.value_ns = divmod(at_ns, _NS_PER_S)
        self._settime()

    def _expired(self) -> None:
        try:
            os.read(self._fd, 8)  # the count of expiries; reading it makes the descriptor quiet again
        except BlockingIOError:  # armed anew between the wake-up and this call
            return
        due_ns = self._waiting[0][0] if self._waiting else 0
        while self._waiting and self._waiting[0][0] <= due_ns:
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)
        if self._waiting:
            self._arm()
