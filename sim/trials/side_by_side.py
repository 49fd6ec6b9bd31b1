"""Several trials at a time, each in a process of its own that keeps the model loaded."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from sim.trials.crew import Crew

T = TypeVar("T")
R = TypeVar("R")


def silent(_: str) -> None:
    """Tell no one."""


def side_by_side(
    work: Callable[[T], R],
    items: Iterable[T],
    jobs: int,
    named: Callable[[T], str] = str,
    tell: Callable[[str], None] = silent,
) -> Iterator[R]:
    """Yield ``work(item)`` for each of ``items``, in their order, as soon as it is there.

    A process that is killed costs its own item some time: it is done again, and ``tell`` hears of it.

    Args:
        work: importable where ``jobs`` > 1.
        items: taken as workers become free.
        jobs: processes; with 1 all is done in this one.
        named: what an item is called for people.
        tell: hears what happened to workers, in a line.

    Raises:
        MachineError: workers were killed again and again over one item. What ``work`` raises comes as it was.
    """
    if jobs == 1:
        yield from map(work, items)
        return
    yield from Crew(work, jobs, named, tell).results(items)


def usual_jobs(at_most: int) -> int:
    """Return how many processes are worth while: a core each, no more than ``at_most``, at least 1."""
    return max(1, min(at_most, os.cpu_count() or 1))
