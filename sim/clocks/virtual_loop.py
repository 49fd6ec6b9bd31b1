"""The virtual loop: an asyncio event loop whose time stands still while code runs, and jumps when all wait.

Timers lie in a heap of ``(instant, sequence)``: equal instants run first-in first-out (the standard loop's ties depend
on what else is in its heap). Instants are integer nanoseconds, so sums are exact. There is no selector: real I/O and
other threads would bring the outside's timing in, and are refused.
"""

import asyncio
import threading
from asyncio import Future, Handle, TimerHandle
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextvars import Context, copy_context
from heapq import heappop, heappush
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar, TypeVarTuple

from actors.core.awaiting import resume
from actors.core.clock import NS_PER_S
from actors.core.errors import InternalError

_ASYNCIO = str(Path(asyncio.__file__).parent)


class DeadlockError(InternalError):
    """Everyone waits, and nothing is due: no timer, no callback."""


class StandstillError(InternalError):
    """Work goes on and on at one instant: something takes no time and never ends."""


class NotVirtualError(InternalError):
    """Something was asked of the virtual loop that belongs to real time."""


def describe_waiting(loop: asyncio.AbstractEventLoop) -> str:
    """Return which tasks are not done, by name, with the line each waits at."""
    tasks = sorted((task for task in asyncio.all_tasks(loop) if not task.done()), key=lambda task: task.get_name())
    places = [f"{task.get_name()} at {_place(task)}" for task in tasks]
    return "waiting: " + (", ".join(places) if places else "no one")


def _place(task: asyncio.Task[object]) -> str:
    """Return the innermost line that ``task`` waits at, outside asyncio itself where there is one."""
    frames = list(_frames(task.get_coro()))
    ours = [frame for frame in frames if not frame.f_code.co_filename.startswith(_ASYNCIO)]
    if not frames:
        return "its start"
    frame = (ours or frames)[-1]
    return f"{frame.f_code.co_qualname}:{frame.f_lineno}"


def _frames(waiting: object) -> Iterator[FrameType]:
    """Yield the frames of a coroutine and of what it awaits, the innermost last."""
    while (frame := getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)) is not None:
        half_run = frame.f_code is resume.__code__
        if not half_run:  # what it goes on with says more
            yield frame
        awaited = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
        waiting = frame.f_locals["started"] if half_run else awaited


T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MOST_AT_ONE_INSTANT = 5_000_000  # callbacks; a burst of 100,000 transactions at one instant needs under 1,000,000
NEVER_NS = 1 << 63

Due = Handle | Future[None] | Future[Any]


class Soon:
    """What was asked for soon: a handle without the debugging aids of asyncio's, which cost more than the call."""

    __slots__ = ("_args", "_callback", "_cancelled", "_context")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context) -> None:
        self._callback = callback
        self._args = args
        self._context = context
        self._cancelled = False

    def cancel(self) -> None:
        """Let the callback not be called."""
        self._cancelled = True

    def cancelled(self) -> bool:
        """Return whether it was cancelled."""
        return self._cancelled


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop on virtual time, starting at 0. Runs in one thread, which created it.

    An error that no one handles ends the run: in a simulation nothing happens by accident.

    Attributes:
        now_ns: the virtual instant.
        horizon_ns: before it time may move on the spot; at that instant something may be due that has set no timer yet.
        sampler: called every ``SAMPLE_EVERY`` callbacks, outside virtual time; it may look, and touch nothing. None:
            no one looks.
    """

    SAMPLE_EVERY = 64

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 0
        self.horizon_ns = NEVER_NS
        self.sampler: Callable[[], None] | None = None
        self._heap: list[tuple[int, int, Due]] = []
        self._sequence = 0
        self._here = threading.get_ident()
        self._run_since_jump = 0
        self._fatal: BaseException | None = None

    # ------------------------------------------------------------------ time

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self.now_ns / NS_PER_S

    def jump_ns(self, span_ns: int) -> None:
        """Let time pass in the middle of a callback, as if the loop had been busy: what is due meanwhile runs late."""
        self.now_ns += span_ns

    def acts_by(self, at_ns: int) -> bool:
        """Return whether someone is ready, or due by ``at_ns``."""
        heap = self._heap
        return bool(self._ready or (heap and heap[0][0] <= at_ns))  # type: ignore[attr-defined]  # private

    def pass_until_ns(self, at_ns: int) -> bool:
        """Let time pass until ``at_ns`` in the middle of a callback, if nothing else can happen up to that instant.

        Returns:
            Whether it did. Else someone is ready or due by then, the horizon is reached, or the loop is being stopped.
        """
        if self.acts_by(at_ns) or at_ns >= self.horizon_ns or self._stopping:  # type: ignore[attr-defined]
            return False
        self.now_ns = max(self.now_ns, at_ns)
        return True

    def wake_at_ns(self, at_ns: int) -> Future[None]:
        """Return a future that is done at ``at_ns``, or at this instant if that is past."""
        future: Future[None] = Future(loop=self)
        self._sequence += 1
        heappush(self._heap, (at_ns, self._sequence, future))
        return future

    def call_soon(self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None) -> Handle:
        """Call ``callback`` at this instant, after all that is ready."""
        if self._closed:  # type: ignore[attr-defined]  # not in the stubs
            self._check_closed()  # type: ignore[attr-defined]
        handle = Soon(callback, args, copy_context() if context is None else context)
        self._ready.append(handle)  # type: ignore[attr-defined]
        return handle  # type: ignore[return-value]  # it can all that a handle can but tell where it was made

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> TimerHandle:
        """Call ``callback`` after ``delay`` seconds, rounded to the nanosecond."""
        return self._call_at_ns(self.now_ns + round(delay * NS_PER_S), callback, args, context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> TimerHandle:
        """Call ``callback`` at ``when`` seconds, rounded to the nanosecond."""
        return self._call_at_ns(round(when * NS_PER_S), callback, args, context)

    def _call_at_ns(
        self, at_ns: int, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> TimerHandle:
        self._check_closed()  # type: ignore[attr-defined]  # not in the stubs
        handle = TimerHandle(at_ns / NS_PER_S, callback, args, self, context)
        self._push(at_ns, handle)
        return handle

    def _push(self, at_ns: int, due: Due) -> None:
        self._sequence += 1
        heappush(self._heap, (at_ns, self._sequence, due))

    def _timer_handle_cancelled(self, handle: TimerHandle) -> None:
        """Leave a cancelled timer in the heap; it is passed over when its time comes."""

    # ------------------------------------------------------------------ running

    def _run_once(self) -> None:
        """Run up to ``SAMPLE_EVERY`` callbacks, one after another; let time jump whenever none is ready.

        Callbacks that make others ready need no pass of their own: the order is first-in first-out either way.
        """
        if self.sampler is not None:
            self.sampler()
        heap, ready, began_ns = self._heap, self._ready, self.now_ns  # type: ignore[attr-defined]
        for _ in range(self.SAMPLE_EVERY):
            if heap and (heap[0][0] <= self.now_ns or not ready):
                self._collect()
            if not ready:
                self._check_stopping()
                break
            handle = ready.popleft()
            if not handle._cancelled:  # noqa: SLF001 - as the loop it replaces does
                try:
                    handle._context.run(handle._callback, *handle._args)  # noqa: SLF001
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:  # noqa: BLE001 - whatever it is, no one handled it
                    self._fatal = error
            if self._stopping or self._fatal is not None:  # type: ignore[attr-defined]
                break
        self._check_progress(began_ns)
        if self._fatal is not None:
            fatal, self._fatal = self._fatal, None
            raise fatal

    def _check_progress(self, began_ns: int) -> None:
        """Count callbacks, up to ``SAMPLE_EVERY`` of which ran since ``began_ns``, until time moves."""
        self._run_since_jump = 0 if self.now_ns > began_ns else self._run_since_jump + self.SAMPLE_EVERY
        if self._run_since_jump > MOST_AT_ONE_INSTANT:
            self._run_since_jump = 0  # the tasks must still be cancelled
            raise StandstillError(
                f"time stands still at {self.time():g} s: over {MOST_AT_ONE_INSTANT:,} callbacks ran without it moving;"
                f" {describe_waiting(self)}"
            )

    def _check_stopping(self) -> None:
        if not self._stopping:  # type: ignore[attr-defined]
            raise DeadlockError(
                f"deadlock at {self.time():g} s: nothing is due and nothing can happen; {describe_waiting(self)}"
            )

    def _collect(self) -> None:
        """Make ready what is due, in order, behind what is ready already; if no one is, move to what is due next."""
        heap, ready = self._heap, self._ready  # type: ignore[attr-defined]
        while heap and (heap[0][0] <= self.now_ns or not ready):
            at_ns, _, due = heappop(heap)
            if isinstance(due, Handle):
                if not due.cancelled():
                    ready.append(due)
            elif not due.done():
                due.set_result(None)
            if at_ns > self.now_ns and ready:
                self.now_ns = at_ns

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """End the run with an error that no one handled."""
        error = context.get("exception")
        self._fatal = error if isinstance(error, BaseException) else RuntimeError(str(context.get("message")))

    # ------------------------------------------------------------------ threads and the outside

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002 - no other thread is used
        func: Callable[[*Ts], T],
        *args: *Ts,
    ) -> Future[T]:
        """Run ``func`` at once in this thread; its result comes at this instant.

        How long it takes is modelled around the port that calls it, never here.
        """
        future: Future[T] = Future(loop=self)
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - it is the caller's, as from a real executor
            self._push(self.now_ns, self._failing(future, error))
        else:
            future.set_result(result)
        return future

    def _failing(self, future: Future[T], error: Exception) -> Handle:
        return Handle(lambda: None if future.cancelled() else future.set_exception(error), (), self)

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> Handle:
        """Call soon, from this thread (a signal handler's wake-up); refuse any other thread."""
        if threading.get_ident() != self._here:
            raise NotVirtualError("another thread may not call into the virtual loop: it has no virtual instant")
        return self.call_soon(callback, *args, context=context)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise NotVirtualError(
            "real input and output would bring real timing into virtual time; use an in-memory adapter or clock: real"
        )

    add_reader = add_writer = remove_reader = remove_writer = _refuse
    sock_recv = sock_sendall = sock_connect = sock_accept = sock_sendfile = _refuse
    sock_recv_into = sock_recvfrom = sock_recvfrom_into = sock_sendto = _refuse
    create_connection = create_server = create_datagram_endpoint = _refuse
    create_unix_connection = create_unix_server = start_tls = sendfile = _refuse
    connect_read_pipe = connect_write_pipe = subprocess_exec = subprocess_shell = _refuse
    connect_accepted_socket = getaddrinfo = getnameinfo = _refuse
    add_signal_handler = remove_signal_handler = _refuse

    _process_events = _refuse

    def _write_to_self(self) -> None:
        """Wake nothing: no selector sleeps."""

    def close(self) -> None:
        """Close the loop and forget all timers."""
        self._heap.clear()
        super().close()
