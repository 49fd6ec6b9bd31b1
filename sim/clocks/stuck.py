"""When virtual time cannot go on: the errors, and who was waiting for what."""

import asyncio
from pathlib import Path
from typing import Any

from actors.errors import InternalError

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
    coroutine: Any = task.get_coro()
    frames = []
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        frames.append(frame)
        coroutine = coroutine.cr_await
    ours = [frame for frame in frames if not frame.f_code.co_filename.startswith(_ASYNCIO)]
    if not frames:
        return "its start"
    frame = (ours or frames)[-1]
    return f"{frame.f_code.co_qualname}:{frame.f_lineno}"
