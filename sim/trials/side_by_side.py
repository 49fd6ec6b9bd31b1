"""Several trials at a time, each in a process of its own that keeps the model loaded."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], items: Iterable[T], jobs: int) -> Iterator[R]:
    """Yield ``work(item)`` for each of ``items``, in their order, as soon as it is there.

    Args:
        work: importable where ``jobs`` > 1.
        items: taken as workers become free.
        jobs: processes; with 1 all is done in this one.
    """
    if jobs == 1:
        yield from map(work, items)
        return
    from joblib import Parallel, delayed

    yield from Parallel(n_jobs=jobs, return_as="generator")(delayed(_in_worker)(work, item) for item in items)


def usual_jobs(at_most: int) -> int:
    """Return how many processes are worth while: a core each, no more than ``at_most``, at least 1."""
    return max(1, min(at_most, os.cpu_count() or 1))


def _in_worker(work: Callable[[T], R], item: T) -> R:
    """Do ``work``, deaf to Ctrl-C: the terminal sends it to workers too, but their parent decides about them."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    return work(item)
