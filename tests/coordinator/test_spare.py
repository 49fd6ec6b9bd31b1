"""One process is kept ready to take a dead worker's place: never two, and none where they die unused."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

import pytest

from actors.core.child_process import Child
from sim.coordinator.last_words import LastWords, Listener
from sim.coordinator.spare import MOST_FAILED, READY, STARTING, Spare, Started

PATIENCE_S = 60.0
LOOK_S = 0.02
Law = Callable[[Spare, list[Started]], Awaitable[None]]


def wait_for_a_slot(pipe: Connection, _: Listener) -> None:
    """Be a spare that ends with its slot, or with its parent."""
    pipe.send(READY)
    pipe.send(f"is {pipe.recv()}, process {os.getpid()}")


def die(_: Connection, words: Listener) -> None:
    """Be a spare for which there is no room."""
    words.take_standard_error()
    sys.stderr.write("no room\n")
    sys.exit(1)


def play(work: Callable[[Connection, Listener], None], law: Law) -> list[Started]:
    """Have ``law`` look at a spare that does ``work``; return all that were started. None lives on."""
    all_started: list[Started] = []

    async def begin() -> Started:
        words = LastWords()
        all_started.append(Started(await asyncio.to_thread(Child, work, words), words))
        return all_started[-1]

    async def whole() -> None:
        spare = Spare(begin)
        keeping = spare.keep()
        try:
            await law(spare, all_started)
        finally:
            await spare.end()
            await keeping

    asyncio.run(whole())
    return all_started


async def until(holds: Callable[[], object]) -> None:
    """Wait until ``holds`` does."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(LOOK_S)


def alive(started: Started) -> bool:
    """Return whether a process is there."""
    try:
        os.kill(started.child.pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_process_that_is_ready_takes_the_slot_and_another_is_made_ready() -> None:
    """Whoever asks while none is ready gets none; there is never more than one; each that took a place is counted."""

    async def law(spare: Spare, all_started: list[Started]) -> None:
        assert spare.take("w0") is None
        for slot in ("w1", "w2"):
            await until(lambda: spare.state == READY)
            taken = spare.take(slot)
            assert taken is not None
            assert spare.take("w9") is None
            assert spare.state == STARTING
            assert taken is all_started[-1]
            assert taken.child.receive() == f"is {slot}, process {taken.child.pid}"
            taken.child.close()
            taken.words.close()
        await until(lambda: spare.state == READY)
        assert spare.used_count == 2

    all_started = play(wait_for_a_slot, law)
    assert len(all_started) == 3
    assert not any(map(alive, all_started))


def test_a_spare_that_dies_is_replaced() -> None:
    """The next one is as good."""

    async def law(spare: Spare, all_started: list[Started]) -> None:
        await until(lambda: spare.state == READY)
        all_started[0].child.kill()
        await until(lambda: len(all_started) == 2 and spare.state == READY)

    assert not any(map(alive, play(wait_for_a_slot, law)))


def test_where_spares_die_unused_none_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, with what the last one said."""

    async def law(spare: Spare, _: list[Started]) -> None:
        await until(lambda: caplog.records)
        assert spare.state == ""
        assert spare.take("w0") is None

    assert len(play(die, law)) == MOST_FAILED
    (record,) = caplog.records
    assert "no spare worker" in record.getMessage()
    assert "no room" in record.getMessage()
