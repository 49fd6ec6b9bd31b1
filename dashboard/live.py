"""The pipeline's side of the screen: starts its process, hands it frames, takes actions, and never waits for it.

`Screen.show` costs one encoding and one system call. While the other side has not taken the last message, later ones
replace each other (latest wins) and are not even encoded; a message that went out in part is finished first, so only
whole messages arrive. A screen that is slow, stopped or dead costs nothing and raises nothing.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from dashboard.actions import Action
from dashboard.choices import Choices
from dashboard.frame import Frame, Message
from dashboard.terminal import give_back, modes, usable
from dashboard.wire import ActionInbox, WireError, pack

if TYPE_CHECKING:
    from dashboard.plain import PlainScreen

_FAREWELL_S: Final = 1.5  # the screen's process restores the terminal in a few ms; one that does not is killed
_HOME: Final = Path(__file__).resolve().parent.parent


class Pipe:
    """The sending end: whole messages, latest wins, never blocks, never raises.

    Args:
        end: one end of a socket pair; becomes non-blocking.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._rest = memoryview(b"")
        self._next: Message | None = None
        self._kept: list[Choices] = []
        self._actions = ActionInbox()
        self.alive = True

    @property
    def ready(self) -> bool:
        """Whether a message sent now would go out now."""
        self.pump()
        return self.alive and not self._rest

    def send(self, message: Message) -> None:
        """Send the message, or keep it until the one before it is through; a kept one is replaced by a later one."""
        self._next = message
        self.pump()

    def keep(self, choices: Choices) -> None:
        """Send what must arrive, before whatever waits and can be replaced."""
        self._kept.append(choices)
        self.pump()

    def pump(self) -> None:
        """Push out what waits, as far as the other side takes it."""
        while self.alive and (self._rest or self._kept or self._next is not None):
            if not self._rest and self._kept:
                self._rest = memoryview(pack(self._kept.pop(0)))
            elif not self._rest and self._next is not None:
                self._rest, self._next = memoryview(pack(self._next)), None
            try:
                self._rest = self._rest[self._end.send(self._rest) :]
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._die()

    def fileno(self) -> int | None:
        """Return the descriptor on which actions arrive; None when none will."""
        return self._end.fileno() if self.alive else None

    def receive(self) -> list[Action]:
        """Return what the other side asks for, [] when nothing waits; one that sends nonsense is as good as dead."""
        try:
            data = self._end.recv(1 << 16) if self.alive else b""
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            data = b""
        try:
            actions = self._actions.feed(data)
        except WireError:
            actions, data = [], b""
        if not data:
            self._die()
        return actions

    def close(self) -> None:
        """Close this end; the other side sees the end of the stream."""
        self._end.close()
        self.alive = False

    def _die(self) -> None:
        self.alive = False
        self._rest, self._next, self._kept = memoryview(b""), None, []


class Screen:
    """The live screen as a context: `start` shows it at once, leaving the context gives the terminal back.

    Start it before anything slow is imported. Between `start` and `close` nothing else should write to the terminal.
    Call `close` with the final frame inside the context; leaving the context without it shows no verdict.
    """

    def __init__(self, process: subprocess.Popen[bytes], pipe: Pipe) -> None:
        self._process = process
        self._pipe = pipe
        self._modes = modes(0)
        self._closed = False
        self._given_back = False  # to whoever is told that the screen has died

    @classmethod
    def start(cls, command: Sequence[str] | None = None, record: Path | None = None) -> Self:
        """Start the screen's process; it takes the terminal and shows "starting" until the first message.

        It is not started by `multiprocessing`, which would take the terminal's keys away from it, and whose connections
        wait in the middle of a message.

        Args:
            command: what to run instead of `python -m dashboard`; gets the descriptor as an argument.
            record: file for a recording of the screen; None records nothing.
        """
        saved = modes(0)
        ours, theirs = socket.socketpair()
        with theirs:
            arguments = [*(command or (sys.executable, "-m", "dashboard")), str(theirs.fileno())]
            arguments += [] if record is None else [str(record.absolute())]
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited: Ctrl-C is not for the screen
            try:
                process = subprocess.Popen(arguments, pass_fds=[theirs.fileno()], cwd=_HOME)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        screen = cls(process, Pipe(ours))
        screen._modes = saved
        return screen

    @property
    def alive(self) -> bool:
        """Whether the screen's process still takes messages."""
        return self._pipe.alive

    @property
    def ready(self) -> bool:
        """Whether a message shown now would go out now; when not, a frame need not even be built."""
        return self._pipe.ready

    def show(self, message: Message) -> None:
        """Hand over what to show; never blocks, never raises."""
        self._pipe.send(message)

    def offer(self, choices: Choices) -> None:
        """Tell what can be asked of the run; never blocks, never raises."""
        self._pipe.keep(choices)

    def actions(self) -> list[Action]:
        """Return what was asked at the keyboard since the last call."""
        found = self._pipe.receive()
        if not self._pipe.alive and not self._given_back and not self._closed and (lost := self._lost()):
            self._given_back = True
            give_back(1, 0, self._modes)  # the last picture would stand still until the run ends
            with suppress(OSError):
                sys.stderr.write(f"{lost}; the run goes on, and Ctrl-C ends it\n")
        return found

    def fileno(self) -> int | None:
        """Return a descriptor that can be read when something was asked; None where nothing will be."""
        return self._pipe.fileno()

    def close(self, final: Frame | None = None, text: str = "") -> None:
        """End the screen within a bounded time and leave the final picture, the verdict and the text behind.

        Does nothing the second time.
        """
        if self._closed:
            return
        self._closed = True
        lost = self._lost()
        self._pipe.close()
        try:
            self._wait()
        finally:
            if self._process.returncode != 0 and not self._given_back:
                give_back(1, 0, self._modes)
        text = "\n".join(filter(None, (lost, text)))
        from dashboard.plain import print_final  # imports Rich, which must not delay the start

        with suppress(OSError):  # the terminal may be gone; the run's files are written
            print_final(final, text, sys.stdout, with_picture=True)

    def _lost(self) -> str:
        """Return in a line that the screen's process is gone before its time; "" while it lives."""
        status = self._process.poll()
        if status is None or self._pipe.alive:
            return ""
        how = f"by signal {-status}" if status < 0 else f"with code {status}"
        return f"lost: the process that drew the screen ended {how}; nothing else was touched by that"

    def _wait(self) -> None:
        try:
            self._process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back, so that whatever is printed next can be read."""
        self.close()


def open_screen(*, live: bool, record: Path | None = None) -> "Screen | PlainScreen":
    """Return the live screen, which is recorded if a file is given, or plain lines once a second on standard output."""
    if live:
        return Screen.start(record=record)
    from dashboard.plain import PlainScreen

    return PlainScreen(time.monotonic)


def wants_live(tui: str) -> bool:
    """Return whether `--tui auto|on|off` means a live screen here; "on" without a fit terminal means plain lines."""
    return tui != "off" and usable() and (tui == "on" or os.isatty(0))
