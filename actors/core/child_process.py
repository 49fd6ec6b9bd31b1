"""Child processes: how they are started, heard and ended.

A child is a fresh interpreter (`spawn`). It has a pipe to its parent and writes where its parent does, but shares no
lock, thread, file or standard input with it. Nobody else holds the pipe, so what comes through it may be unpickled.

Three kinds are started by `subprocess` instead, and say why: the screen (`dashboard.live`), the check of a model
(`actors.model.verification`) and runs that are compared (`sim.trials.determinism`).
"""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Final

from actors.core.errors import InternalError, MachineError, RiskdrillError
from actors.core.process_failures import lack_of

PATIENCE_S: Final = 5.0  # a child that is told to end cleans up after itself; one that does not is killed
_OF_THE_TERMINAL: Final = frozenset({signal.SIGINT, signal.SIGHUP})
_SAFE_PATH: Final = "PYTHONSAFEPATH"
_starting = threading.Lock()  # two starts at once would each restore what the other had set


@contextmanager
def _shielded() -> Iterator[None]:
    """Start what is started meanwhile away from the terminal and from the folder one stands in.

    The terminal's signals are blocked in it, and it imports nothing from that folder before it has its parent's path.
    """
    with _starting:
        path = os.environ.get(_SAFE_PATH, "")
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _OF_THE_TERMINAL)
        os.environ[_SAFE_PATH] = "1"
        try:
            resource_tracker.ensure_running()  # or the first start does it, which takes SIGINT from the mask again
            signal.pthread_sigmask(signal.SIG_BLOCK, _OF_THE_TERMINAL)
            yield
        finally:
            os.environ[_SAFE_PATH] = path  # "" is as if it were not set
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class Child:
    """A process that does one piece of work, and the pipe to it. Whoever starts it calls `close` in the end.

    It hears neither Ctrl-C nor the end of the terminal: its parent does, and decides. It ends by itself when its parent
    is gone, at the next message.

    Attributes:
        pipe: our end.

    Args:
        work: importable; gets the other end of the pipe, and ``given``.
        given: all that it needs; can be pickled.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, work: Callable[..., object], *given: object) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_do, args=(theirs, work, given), daemon=True)
        try:
            with _shielded():
                self._process.start()
        except BaseException:
            self.pipe.close()
            if self._process.pid is not None:  # started; the interrupt that was held back comes right after
                self._process.kill()
                self._process.join()
            raise
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    def receive(self) -> Any:  # noqa: ANN401 - whatever the work sends
        """Return what it sends next, None when its work is done; blocks until that is there.

        Raises:
            EOFError: it died, between two messages or within one.
            RiskdrillError: its work failed. The error is the one that it raised if that is of ours, else a MachineError
                that says what was lacking, or an InternalError.
        """
        try:
            message = self.pipe.recv()
        except OSError as error:
            raise EOFError from error
        if isinstance(message, RiskdrillError):
            raise message
        return message

    def terminate(self) -> None:
        """Tell it to end; what it does then is up to its work."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once; whoever is in `receive` learns that it died."""
        self._process.kill()

    def close(self) -> int | None:
        """Close the pipe and wait for the end, which is near; return its exit status, as `how_ended` takes it."""
        self.pipe.close()
        self._process.join(PATIENCE_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        return self._process.exitcode


def _do(pipe: Connection, work: Callable[..., object], given: tuple[object, ...]) -> None:
    """Do the work in the child, and say how it went."""
    os.environ.pop(_SAFE_PATH, None)  # not for children of this one that are started by `subprocess`
    outcome: RiskdrillError | None = None
    with suppress(BrokenPipeError, ConnectionResetError):  # the parent is gone, or wants no more
        try:
            work(pipe, *given)
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to know
            outcome = _of_ours(error)
            outcome.add_note(traceback.format_exc())
        pipe.send(outcome)


def _of_ours(error: Exception) -> RiskdrillError:
    if isinstance(error, RiskdrillError):
        return error
    lack = lack_of(error)
    return MachineError(lack) if lack else InternalError(f"{type(error).__name__}: {error}")
