"""When virtual time cannot go on: the errors, and who was waiting for what."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from actors.errors import InternalError
from actors.resilience.half_run import go_on

_ASYNCIO = str(Path(asyncio.__file__).parent)


class DeadlockError(InternalError):
    """Everyone waits, and nothing is due: no timer, no callback."""


class StandstillError(InternalError):
    """Work goes on and on at one instant: something takes no time and never ends."""


class NotVirtualError(InternalError):
    """Something was asked of the virtual loop that belongs to real time."""


def describe_waiting(loop: asyncio.AbstractEventLoop) -> str:
    """Return which tasks are not done, by name, with the line each waits at."""
    tasks = sorted((task for task in asyncio.all_tasks(loop) if not task.done()), key=lambda task: task.get_name())
    places = [f"{task.get_name()} at {_place(task)}" for task in tasks]
    return "waiting: " + (", ".join(places) if places else "no one")


def _place(task: asyncio.Task[object]) -> str:
    """Return the innermost line that ``task`` waits at, outside asyncio itself where there is one."""
    frames = list(_frames(task.get_coro()))
    ours = [frame for frame in frames if not frame.f_code.co_filename.startswith(_ASYNCIO)]
    if not frames:
        return "its start"
    frame = (ours or frames)[-1]
    return f"{frame.f_code.co_qualname}:{frame.f_lineno}"


def _frames(waiting: object) -> Iterator[FrameType]:
    """Yield the frames of a coroutine and of what it awaits, the innermost last."""
    while (frame := getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)) is not None:
        half_run = frame.f_code is go_on.__code__
        if not half_run:  # what it goes on with says more
            yield frame
        awaited = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
        waiting = frame.f_locals["started"] if half_run else awaited
