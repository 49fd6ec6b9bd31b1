"""Contract of the decision log, held by every way of writing it."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.adapters.memory import InMemoryLines
from actors.core.batches import TOGETHER, DecidedBatch, Decision
from actors.core.errors import SinkError
from actors.core.work import Core, Job, RealWork
from actors.output.decision_log import GATHERED_S, MOST_BUFFERED, SOON, BufferedLog, MakeLog
from actors.output.decision_record import DecisionLines
from actors.telemetry.ledger import Ledger
from sim.run.machine import GatheredLog
from tests.support.actors.batches import decided
from tests.support.virtual import run_virtual

LINES = DecisionLines(lambda _: "0123456789ab", "sample")
LOGS = pytest.mark.parametrize("make", [GatheredLog, BufferedLog])
STEPS = st.lists(
    st.tuples(st.integers(1, 700), st.sampled_from(["once", "crashed", "full"]), st.booleans()), min_size=1, max_size=8
)


class Disk(InMemoryLines):
    """Memory that can be full."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False

    def append(self, lines: bytes) -> None:
        if self.full:
            raise SinkError("No space left on device")
        super().append(lines)


@dataclass(frozen=True)
class Told:
    """What a log was told to write while there was room, and how much when there was none."""

    lines: bytes
    refused: int


def tell(make: MakeLog, steps: list[tuple[int, str, bool]], disk: Disk, ledger: Ledger) -> Told:
    """Take batches of so many rows through ``make``'s log; some crash after writing, some find the disk full."""
    log = make(LINES, disk, ledger, RealWork())

    async def main() -> Told:
        expected, refused, number = b"", 0, 0
        for rows, what, read in steps:
            numbers = list(range(number, number + rows))
            batch = decided(numbers, [Decision.APPROVE] * rows, [1.5] * rows, np.linspace(0, 1, rows).tolist())
            number += rows
            if what == "full":
                await log.drained()
            disk.full = what == "full"
            if what == "crashed":
                await log.write(batch)
            await log.write(batch)
            log.commit(batch)
            if read or what == "full":
                await log.drained()
                assert log.waiting == 0
            refused += rows if disk.full else 0
            expected += b"" if disk.full else LINES.encode(batch)
            disk.full = False
        await log.drained()
        return Told(expected, refused)

    return run_virtual(main())


@LOGS
@given(steps=STEPS)
def test_each_decision_is_written_once_and_counted_once(make: MakeLog, steps: list[tuple[int, str, bool]]) -> None:
    """Whatever crashes after writing, whenever the books are read; the books tell how many found no room."""
    disk, ledger = Disk(), Ledger()
    told = tell(make, steps, disk, ledger)
    assert bytes(disk.content) == told.lines
    assert ledger.logged == disk.content.count(b"\n")
    assert ledger.log_failed_count == told.refused


@LOGS
def test_the_first_failure_is_kept(make: MakeLog) -> None:
    """For the summary, which names the reason once."""
    disk = Disk()
    log = make(LINES, disk, Ledger(), RealWork())
    disk.full = True

    async def main() -> None:
        batch = decided([0], [Decision.APPROVE], [1.0], [0.5])
        await log.write(batch)
        log.commit(batch)
        await log.drained()

    run_virtual(main())
    assert log.failure.text == "No space left on device"


def test_what_is_gathered_is_bounded() -> None:
    """It is written when it is enough, read or not."""
    disk, ledger = Disk(), Ledger()
    log = GatheredLog(LINES, disk, ledger, RealWork())
    for number in range(TOGETHER):
        assert ledger.logged == 0
        log.commit(decided([number], [Decision.APPROVE], [1.0], [0.5]))
    assert ledger.logged == TOGETHER


def test_a_write_whose_time_cannot_pass_is_counted_all_the_same() -> None:
    """Whatever happens to the task that writes, what it wrote is in the ledger, and the next is written."""
    disk, ledger = Disk(), Ledger()

    class Broken(RealWork):
        async def spend(self, job: Job, rows: int, core: Core = Core.LOOP) -> None:
            raise RuntimeError("no time passes")

    async def main() -> None:
        log = BufferedLog(LINES, disk, ledger, Broken())
        for number in range(2):
            log.commit(decided([number], [Decision.APPROVE], [1.0], [0.5]))
            with pytest.raises(RuntimeError, match="no time passes"):
                await log.drained()
            assert (ledger.logged, log.waiting) == (number + 1, 0)

    run_virtual(main())


def batch_of(rows: int) -> DecidedBatch:
    """Return so many decisions."""
    return decided(list(range(rows)), [Decision.APPROVE] * rows, [1.0] * rows, [0.5] * rows)


def test_small_batches_are_handed_over_together() -> None:
    """In a moment, in one write; until then they are told as waiting."""
    disk, ledger = Counting(), Ledger()
    log = BufferedLog(LINES, disk, ledger, RealWork())

    async def main() -> None:
        for _ in range(10):
            await log.write(batch_of(1))
            log.commit(batch_of(1))
        assert (log.waiting, ledger.logged, disk.writes) == (10, 0, 0)
        await asyncio.sleep(2 * GATHERED_S)
        assert (log.waiting, ledger.logged, disk.writes) == (0, 10, 1)

    run_virtual(main())


def test_slow_disk_holds_up_whoever_writes() -> None:
    """The buffer is bounded: beyond it the logger waits, and its mailbox fills."""
    disk, ledger = Counting(), Ledger()
    disk.free.clear()
    log = BufferedLog(LINES, disk, ledger, RealWork())

    async def fill() -> None:
        while True:
            await log.write(batch_of(SOON))
            log.commit(batch_of(SOON))

    async def main() -> None:
        filling = asyncio.create_task(fill())
        await asyncio.sleep(0.2)
        assert MOST_BUFFERED <= log.waiting <= MOST_BUFFERED + 2 * SOON
        filling.cancel()
        disk.free.set()
        await log.drained()
        assert log.waiting == 0
        assert ledger.logged == disk.content.count(b"\n") > MOST_BUFFERED

    asyncio.run(main())


@pytest.mark.parametrize("full", [False, True])
def test_a_write_that_is_cancelled_counts_as_what_became_of_its_lines(full: bool) -> None:
    """A thread that writes cannot be stopped: lines in the file are logged, others failed, and the rest come next."""
    disk, ledger = Counting(), Ledger()
    disk.free.clear()
    disk.full = full
    log = BufferedLog(LINES, disk, ledger, RealWork())

    async def main() -> None:
        for rows in (SOON, 1):  # the first go over to the thread, which waits for the disk
            await log.write(batch_of(rows))
            log.commit(batch_of(rows))
        await asyncio.sleep(0.01)
        (writing,) = (task for task in asyncio.all_tasks() if task.get_name() == "decision-log")
        writing.cancel()
        await asyncio.sleep(0.01)
        assert (log.waiting, ledger.logged, ledger.log_failed_count) == (SOON + 1, 0, 0)
        disk.free.set()
        await writing
        assert log.waiting == 1
        await log.drained()

    asyncio.run(main())
    assert ledger.logged == disk.content.count(b"\n") == (0 if full else SOON + 1)
    assert ledger.log_failed_count == (SOON + 1 if full else 0)
    assert log.waiting == 0


def test_a_loop_that_ends_leaves_no_line_uncounted_that_a_thread_was_writing() -> None:
    """All tasks are cancelled then; what the thread has written by its end is in the ledger."""
    disk, ledger = Counting(), Ledger()
    disk.free.clear()
    log = BufferedLog(LINES, disk, ledger, RealWork())

    async def main() -> None:
        await log.write(batch_of(SOON))
        log.commit(batch_of(SOON))
        await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_later(0.01, disk.free.set)

    asyncio.run(main())
    assert ledger.logged == disk.content.count(b"\n") == SOON
    assert (log.waiting, ledger.log_failed_count) == (0, 0)


def test_lines_count_once_the_time_of_their_write_has_passed() -> None:
    """Where writing takes no time by itself, as on virtual time, what lets it pass is asked for each write."""
    ledger, work = Ledger(), Taking(0.1)
    log = BufferedLog(LINES, InMemoryLines(), ledger, work)

    async def main() -> None:
        await log.write(batch_of(SOON))
        log.commit(batch_of(SOON))
        await asyncio.sleep(0.05)
        assert (log.waiting, ledger.logged) == (SOON, 0)
        await asyncio.sleep(0.1)
        assert (log.waiting, ledger.logged, work.spent) == (0, SOON, [SOON])

    run_virtual(main())


class Taking:
    """Work that takes a while."""

    def __init__(self, takes_s: float) -> None:
        self.spent: list[int] = []
        self._takes_s = takes_s

    async def spend(self, job: Job, rows: int, core: Core = Core.LOOP) -> None:
        self.spent.append(rows)
        await asyncio.sleep(self._takes_s)


def test_where_no_thread_can_be_started_lines_fail_and_nobody_waits() -> None:
    """As on a machine that has no more threads: the books tell, and an ending ends."""
    ledger = Ledger()
    log = BufferedLog(LINES, InMemoryLines(), ledger, RealWork(), Refusing())

    async def main() -> None:
        await log.write(batch_of(SOON))
        log.commit(batch_of(SOON))
        await log.drained()

    asyncio.run(main())
    assert (log.waiting, ledger.logged, ledger.log_failed_count) == (0, 0, SOON)
    assert log.failure.text == "can't start new thread"


class Refusing(ThreadPoolExecutor):
    """Has no thread to give."""

    def submit(self, *_: object, **__: object) -> Future[None]:  # type: ignore[override]
        raise RuntimeError("can't start new thread")


class Counting(Disk):
    """Memory that counts writes, each of which waits until it is free."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.free = threading.Event()
        self.free.set()

    def append(self, lines: bytes) -> None:
        self.free.wait(10)
        self.writes += 1
        super().append(lines)
