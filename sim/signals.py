"""The signals that end a command: Ctrl-C, SIGTERM, and SIGHUP, by which a terminal says that it closes.

Outside a run each raises `KeyboardInterrupt` at once, or as soon as an import that goes on is over; a run is drained
(`drained_by`). A SIGHUP that is ignored from the start stays so: `nohup` is there for that.
"""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from types import FrameType

AGAIN_S: Final = 0.002
IMPORT_S: Final = 10.0  # an import may read from a slow disk; one that takes longer is interrupted
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def heard() -> list[signal.Signals]:
    """Return those of them that are not ignored."""
    return [each for each in ENDING if signal.getsignal(each) != signal.SIG_IGN]


def listen() -> None:
    """Let each of them raise `KeyboardInterrupt`, from now on."""
    sys.unraisablehook = _not_lost
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _again)
    signal.signal(signal.SIGINT, _interrupt)  # also where a shell's background job would not hear it
    for each in heard():
        signal.signal(each, _interrupt)


class Presses:
    """How often Ctrl-C was pressed, known at once, also while nothing else is heard."""

    def __init__(self) -> None:
        self.count = 0

    def more_than(self, earlier: int) -> bool:
        """Return whether it was pressed since it had been ``earlier`` times."""
        return self.count > earlier


@contextmanager
def drained_by(drain: Callable[[], object]) -> Iterator[Presses]:
    """Have each of them drain a run, for as long as the context lasts, and a second one stop draining.

    Args:
        drain: called between any two instructions of the main thread, so it only asks the event loop for a call.
    """
    presses = Presses()

    def ask(*_: object) -> None:
        presses.count += 1
        drain()

    before = {each: signal.signal(each, ask) for each in heard()}
    try:
        yield presses
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def unheard() -> Iterator[Presses]:
    """Let none of them end anything within the context: the run is over, and its verdict is being written.

    They are counted, so that what would come afterwards, and can be had later, may be left out.
    """
    presses = Presses()

    def count(*_: object) -> None:
        presses.count += 1

    obeyed = heard()
    before = {each: signal.signal(each, count if each in obeyed else signal.SIG_IGN) for each in ENDING}
    try:
        yield presses
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def ignore_all() -> None:
    """Ignore them from now on: the command is over, and an interrupt would only make the interpreter's exit noisy.

    So would an alarm of `_not_lost` end it, once the interpreter has taken its handler away.
    """
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_IGN)


def _not_lost(unraisable: "UnraisableHookArgs") -> None:
    """Let an interrupt come again in a moment if it came where nothing can be raised, as in a callback of an import."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt) and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
    else:
        sys.__unraisablehook__(unraisable)


class _Waiting:
    """Until when an interrupt waits for an import that goes on; 0 while none waits."""

    until_s = 0.0


def _interrupt(_: int, frame: "FrameType | None") -> None:
    """Raise at once: asyncio would let the loop turn first, in place of Python's own handler, but not of this one.

    Within an import it comes again in a moment: packages take what is raised there for their own failure (numba makes
    an `ImportError` of it), and a module that was begun cannot be imported again.
    """
    if _importing(frame) and hasattr(signal, "setitimer"):
        now_s = time.monotonic()  # noqa: TID251 - a signal comes in real time, whatever the clock of a run
        _Waiting.until_s = _Waiting.until_s or now_s + IMPORT_S
        if now_s < _Waiting.until_s:
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
            return
    _Waiting.until_s = 0.0
    raise KeyboardInterrupt


def _importing(frame: "FrameType | None") -> bool:
    """Return whether an import has called what ``frame`` runs."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib."):
            return True
        frame = frame.f_back
    return False


def _again(*_: object) -> None:
    """Send the interrupt that was dropped again, to whatever handles it by now: a run drains, a verdict ignores it."""
    signal.raise_signal(signal.SIGINT)
