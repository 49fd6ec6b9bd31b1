"""Several trials at a time, each in a process of its own; one that is killed costs no more than its own work."""

import os
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, NamedTuple, TypeVar

from actors.core.child_process import Child
from actors.core.errors import InternalError, MachineError
from actors.core.process_failures import UNWOUND, how_ended, was_killed

T = TypeVar("T")
R = TypeVar("R")

MOST_TRIES = 3  # of one piece of work: what does not survive them wants more than there is, or crashes each time


class _Task(NamedTuple):
    number: int
    item: Any
    tries: int = 1


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a piece of work: a value, or the error that it ended with."""

    value: Any = None
    error: Exception | None = None


class ProcessPool(Generic[T, R]):
    """A few processes that do the same work on one item after another.

    A worker that is killed is replaced, and its item is taken up again; those beside it do not notice.

    Args:
        work: importable.
        size: processes at most.
        named: what an item is called for people.
        tell: hears of each worker that did not survive.
    """

    def __init__(
        self, work: Callable[[T], R], size: int, named: Callable[[T], str], tell: Callable[[str], None]
    ) -> None:
        self._work = work
        self._size = size
        self._named = named
        self._tell = tell
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, _Task]] = {}
        self._again: deque[_Task] = deque()

    def results(self, items: Iterable[T]) -> Iterator[R]:
        """Yield ``work(item)`` for each of ``items``, in their order, as soon as it is there.

        Raises:
            MachineError: workers were killed again and again over one item. What ``work`` raises comes as it was.
        """
        fresh = (_Task(number, item) for number, item in enumerate(items))
        there: dict[int, _Answer] = {}
        turn = 0
        try:
            while self._hand_out(fresh):
                there |= self._collect()
                while turn in there:
                    answer = there.pop(turn)
                    if answer.error is not None:
                        raise answer.error
                    yield answer.value
                    turn += 1
        finally:
            self._dismiss()

    def _hand_out(self, fresh: Iterator[_Task]) -> bool:
        """Give work to whoever has none; return whether anyone has."""
        while len(self._busy) < self._size:
            task = self._again.popleft() if self._again else next(fresh, None)
            if task is None:
                break
            worker = self._given(task.item)
            self._busy[worker.pipe] = worker, task
        return bool(self._busy)

    def _given(self, item: T) -> "_Worker":
        """Return a worker that has ``item``; one that was killed while it had nothing to do costs nothing."""
        while self._idle:
            worker = self._idle.pop()
            if worker.give(item):
                return worker
            worker.close()
        worker = _Worker(_serve, self._work)
        worker.give(item)  # one that is dead already is found so when its answer is waited for
        return worker

    def _collect(self) -> dict[int, _Answer]:
        """Wait for the next answers; what a worker that is gone was doing is done again."""
        answers = {}
        for pipe in wait(list(self._busy)):
            worker, task = self._busy.pop(pipe)  # type: ignore[call-overload]  # only pipes are waited for
            answer = worker.answer()
            if answer is None:
                self._replace(worker, task)
            else:
                answers[task.number] = answer
                self._idle.append(worker)
        return answers

    def _replace(self, worker: "_Worker", task: _Task) -> None:
        status, name = worker.close(), self._named(task.item)
        if task.tries == MOST_TRIES:
            text = f"{name}: the process that did it {how_ended(status)}, {MOST_TRIES} times over"
            if was_killed(status):
                raise MachineError(f"{text}: it may want more memory than there is; run fewer at a time with --jobs")
            raise InternalError(text)
        self._tell(f"{name}: the process that did it {how_ended(status)}; it is done again")
        self._again.append(task._replace(tries=task.tries + 1))

    def _dismiss(self) -> None:
        workers = [*self._idle, *(worker for worker, _ in self._busy.values())]
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.close()


class _Worker(Child):
    """A process that does one item after another."""

    def give(self, item: object) -> bool:
        """Hand over an item; return False if nobody is there."""
        try:
            self.pipe.send(item)
        except OSError:
            return False
        return True

    def answer(self) -> _Answer | None:
        """Return what came of the item, None if the process is gone; blocks until then."""
        try:
            answer: _Answer = self.receive()
        except EOFError:
            return None
        return answer


def _serve(pipe: Connection, work: Callable[[Any], Any]) -> None:
    """Do ``work`` on each item that comes, until nobody sends any more."""
    while True:
        try:
            item = pipe.recv()
        except (EOFError, OSError):
            return  # the parent is gone, or wants no more
        answer = _done(work, item)
        try:
            pipe.send(answer)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - of whatever kind, it cannot be sent, and that can be said
            pipe.send(_Answer(error=InternalError(f"a worker's answer cannot be sent: {error!r}")))


def _done(work: Callable[[Any], Any], item: object) -> _Answer:
    try:
        return _Answer(work(item))
    except KeyboardInterrupt:  # told to end, in a run that has drained and cleaned up
        sys.exit(UNWOUND)
    except Exception as error:  # noqa: BLE001 - it is raised again where the answer is awaited
        error.add_note(traceback.format_exc())
        return _Answer(error=error)


def silent(_: str) -> None:
    """Tell no one."""


def run_parallel(
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
    yield from ProcessPool(work, jobs, named, tell).results(items)


def usual_jobs(at_most: int) -> int:
    """Return how many processes are worth while: a core each, no more than ``at_most``, at least 1."""
    return max(1, min(at_most, os.cpu_count() or 1))
