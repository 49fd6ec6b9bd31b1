"""The stopwatch: tells the loop's time apart by job, or from the time for which others had the processor."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from actors.actor import Hooks
from actors.core.work import Core, Job

Key = tuple[Job, Core]
Samples = dict[Key, dict[int, list[int]]]
"""Nanoseconds of each measured batch, by job and core, then by its size."""

READINGS = 200


@dataclass(slots=True)
class Stopwatch:
    """Processor time since it was last read: of this thread, and of all other threads of the process.

    Processor time, not the wall's: a neighbour on the machine must not count as work of ours.
    """

    thread_ns: int = 0
    process_ns: int = 0
    reading_ns: int = 0

    def lap(self) -> tuple[int, int]:
        """Return the time of this thread and of the others since the last lap, ns, but for what reading takes."""
        process_ns, thread_ns = time.process_time_ns(), time.thread_time_ns()
        own = thread_ns - self.thread_ns
        others = process_ns - self.process_ns - own
        self.thread_ns, self.process_ns = thread_ns, process_ns
        return max(0, own - self.reading_ns), max(0, others)

    def time_itself(self) -> None:
        """Find out what reading takes."""
        self.reading_ns = 0
        self.lap()
        self.reading_ns = min(self.lap()[0] for _ in range(READINGS))


@dataclass(slots=True)
class Meter(Hooks):
    """Follows a single batch on its way, and counts the time from one call to the next for the job that ends there.

    ====================  =====================================================
    from → to             job
    ====================  =====================================================
    producer → assembler  `SEND`: number, stamp, hand over, wake the assembler
    → parsed              `PARSE`
    → scorer              `FEATURES`: look-up in memory, features, hand over
    → scored              `SCORE`, on the loop or in the executor
    → logger              `DECIDE`: decide, count, hand over
    → next batch taken    `LOG`: deliver, encode, count; and `WRITE`, in the log's thread
    ====================  =====================================================

    What comes before the producer has it is done once for a block of 2,000, and is measured by itself. All the rest is
    in, so that the sum is the whole pipeline's time for the batch.

    Attributes:
        report: told how many batches are behind, before each.
        samples: what was counted.
        rows: size of the batch on its way; 0 while nothing is counted.
    """

    report: Callable[[int], None]
    samples: Samples = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    rows: int = 0
    _done: int = 0
    _watch: Stopwatch = field(default_factory=Stopwatch)

    def __post_init__(self) -> None:
        self._watch.time_itself()

    def taken(self, rows: int) -> None:
        """Note that the batch before is done with, and that one of ``rows`` transactions begins."""
        if self.rows:
            self._count(Job.LOG)
            self._done += 1
            self.report(self._done)
        self.rows = rows
        self._watch.lap()

    async def received(self, actor: str, rows: int) -> None:  # noqa: ARG002 - the batch's size is known
        """Note that ``actor`` has the batch."""
        if actor == "producer":
            self._watch.lap()
        elif actor == "assembler":
            self._count(Job.SEND)
        elif actor == "scorer":
            self._count(Job.FEATURES)
        elif actor == "logger":
            self._count(Job.DECIDE)

    async def spend(self, job: Job, rows: int, core: Core = Core.LOOP) -> None:  # noqa: ARG002 - its size is known
        """Note that a batch is parsed or scored; other jobs go on after they say so."""
        if job is Job.PARSE or job is Job.SCORE:
            self._count(job, core)

    def _count(self, job: Job, core: Core = Core.LOOP) -> None:
        own_ns, others_ns = self._watch.lap()
        if self.rows:
            took_ns = own_ns + others_ns if core is Core.EXECUTOR else own_ns
            self.samples[job, core][self.rows].append(took_ns)
            if job is Job.LOG:
                self.samples[Job.WRITE, Core.WRITER][self.rows].append(others_ns)


_STATISTICS = Path("/proc/thread-self/schedstat")


@dataclass(slots=True)
class RunQueueWait:
    """What `waiting` found.

    Attributes:
        ratio: of the time for which the thread wanted to run, how much it waited; None where the system does not tell,
            and until the span is over.
    """

    ratio: float | None = None


@contextmanager
def waiting() -> Iterator[RunQueueWait]:
    """Find out how much the calling thread, the event loop's, waits for a processor until the span is over."""
    found, before = RunQueueWait(), _run_and_waited_ns()
    yield found
    after = _run_and_waited_ns()
    if before is not None and after is not None:
        run_ns, waited_ns = after[0] - before[0], after[1] - before[1]
        found.ratio = waited_ns / max(1, run_ns + waited_ns)


def wanted_ns() -> int:
    """Return for how long the calling thread has run or waited for a processor; where no one tells, has run."""
    found = _run_and_waited_ns()
    return time.thread_time_ns() if found is None else sum(found)


def _run_and_waited_ns() -> tuple[int, int] | None:
    try:
        run_ns, waited_ns, *_ = _STATISTICS.read_text().split()
    except (OSError, ValueError):  # another system, or a kernel without these statistics
        return None
    return int(run_ns), int(waited_ns)
