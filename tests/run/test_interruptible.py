"""An interrupt ends an event loop wherever it comes: also just before a callback, and within a lock."""

import asyncio
import signal
import sys
import threading
from types import CodeType, FrameType

import pytest

from sim.clocks.event_loop import run_interruptibly

PATIENCE_S = 10.0


def press_at(code: CodeType, event: str) -> None:
    """Raise the signal at the next call of ``code`` in this thread, or at the next return from it."""

    def look(frame: FrameType, what: str, _given: object) -> None:
        if frame.f_code is code and what == event:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    sys.setprofile(look)


async def busy() -> None:
    """Never end, and never rest."""
    while True:  # noqa: ASYNC110 - it waits for nothing
        await asyncio.sleep(0)


def test_an_interrupt_just_before_a_callback_loses_no_callback() -> None:
    """The task whose turn it was is cancelled like any other, so that the loop closes."""
    helpers: list[asyncio.Task[None]] = []

    async def work() -> None:
        helpers.append(asyncio.create_task(busy()))
        await asyncio.sleep(0)
        press_at(asyncio.Handle._run.__code__, "call")
        await asyncio.sleep(PATIENCE_S)

    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(asyncio.new_event_loop, work)
    assert [each.cancelled() for each in helpers] == [True]


def test_an_interrupt_within_a_lock_of_the_library_leaves_it_free() -> None:
    """Raised as the lock has just been taken, it would leave it so for ever."""
    free = threading.Semaphore(0)

    async def work() -> None:
        press_at(threading.Condition.__enter__.__code__, "return")
        free.release()
        await asyncio.sleep(PATIENCE_S)

    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(asyncio.new_event_loop, work)
    assert free.acquire(timeout=PATIENCE_S)


def test_an_interrupt_before_the_work_begins_lets_it_not_begin() -> None:
    """The loop is made, and closed again."""
    begun: list[bool] = []

    def make_loop() -> asyncio.AbstractEventLoop:
        signal.raise_signal(signal.SIGINT)
        return asyncio.new_event_loop()

    async def work() -> None:
        begun.append(True)
        await asyncio.sleep(PATIENCE_S)

    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(make_loop, work)
    assert begun == []


def test_work_that_nobody_interrupts_returns_its_result() -> None:
    """And handlers are what they were."""
    before = signal.getsignal(signal.SIGINT)

    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert run_interruptibly(asyncio.new_event_loop, work) == 7
    assert signal.getsignal(signal.SIGINT) is before
