"""How long the processor was wanted and others had it: tells a busy machine from a wrong model."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATISTICS = Path("/proc/thread-self/schedstat")


@dataclass(slots=True)
class Waiting:
    """What `waiting` found.

    Attributes:
        ratio: of the time for which the thread wanted to run, how much it waited; None where the system does not tell,
            and until the span is over.
    """

    ratio: float | None = None


@contextmanager
def waiting() -> Iterator[Waiting]:
    """Find out how much the calling thread, the event loop's, waits for a processor until the span is over."""
    found, before = Waiting(), _run_and_waited_ns()
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
