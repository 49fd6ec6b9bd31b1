"""The Work port: what computing costs in time.

On the real clock computing takes its time by itself, and the port does nothing. On a virtual clock computing takes no
time, so that each stage says here what it has done, and the laboratory lets that much time pass.
"""

from collections.abc import Awaitable, Generator
from enum import StrEnum
from types import coroutine
from typing import Protocol


class Job(StrEnum):
    """A piece of work on one batch, done by one core."""

    SEND = "send"
    PARSE = "parse"
    FEATURES = "features"
    SCORE = "score"
    DECIDE = "decide"
    LOG = "log"
    WRITE = "write"


class Core(StrEnum):
    """Who does the work: the thread of the event loop, the one that scores large batches, or the decision log's."""

    LOOP = "loop"
    EXECUTOR = "executor"
    WRITER = "writer"


# Before Python 3.12 it takes as long to look one up as to spend it.
SEND, PARSE, FEATURES, SCORE, DECIDE, LOG, WRITE = Job
LOOP, EXECUTOR, WRITER = Core


class Work(Protocol):
    """Lets the time of work pass."""

    def spend(self, job: Job, rows: int, core: Core = LOOP) -> Awaitable[None]:
        """Return when ``core`` has had the time for ``job`` on ``rows`` transactions.

        Called once a batch and job, after the computing and before its effects are committed. It must not raise.
        """
        ...


@coroutine
def _no_wait() -> Generator[None, None, None]:
    yield from ()


OVER = _no_wait()  # can be awaited again and again once it has ended, for a tenth of what `__await__` in Python costs
next(OVER, None)


class RealWork:
    """Computing has taken its time already."""

    def spend(self, job: Job, rows: int, core: Core = LOOP) -> Awaitable[None]:  # noqa: ARG002 - the port's signature
        """Return what is over."""
        return OVER
