"""The Work port: what computing costs in time.

On the real clock computing takes its time by itself, and the port does nothing. On a virtual clock computing takes no
time, so that each stage says here what it has done, and the laboratory lets that much time pass.
"""

from collections.abc import Awaitable, Generator
from enum import StrEnum
from typing import Any, Protocol, cast


class Job(StrEnum):
    """A piece of work on one batch, done by one core."""

    SEND = "send"
    PARSE = "parse"
    FEATURES = "features"
    SCORE = "score"
    DECIDE = "decide"
    LOG = "log"


class Core(StrEnum):
    """Who does the work: the thread of the event loop, or the one that scores large batches."""

    LOOP = "loop"
    EXECUTOR = "executor"


class Work(Protocol):
    """Lets the time of work pass."""

    def spend(self, job: Job, rows: int, core: Core = Core.LOOP) -> Awaitable[None]:
        """Return when ``core`` has had the time for ``job`` on ``rows`` transactions.

        Called once a batch and job, after the computing and before its effects are committed. It must not raise.
        """
        ...


class Over:
    """A wait that is over before it begins; a coroutine that does nothing takes three times as long."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        """Return at once."""
        return NOTHING


NOTHING = cast("Generator[Any, None, None]", iter(()))  # nothing is sent into it or thrown
OVER = Over()


class RealWork:
    """Computing has taken its time already."""

    def spend(self, job: Job, rows: int, core: Core = Core.LOOP) -> Awaitable[None]:  # noqa: ARG002 - the port's signature
        """Return what is over."""
        return OVER
