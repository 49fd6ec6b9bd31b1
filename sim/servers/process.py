"""A server in a process that outlives whoever started it, known again by its pid and the instant it was started at."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import psutil

from actors.core.errors import MachineError

LOOPBACK: Final = "127.0.0.1"
LOOKED_EVERY_S: Final = 0.05
TOLD_EVERY_S: Final = 5.0
SAID_LINES: Final = 3
GONE_S: Final = 5.0


class PortTakenError(MachineError):
    """Somebody else listens where a server was to."""


class Vigil:
    """Waits step by step: says every few seconds that it goes on, and ends when it is asked to, between two steps.

    Args:
        say: told in a line what is waited for, and for how long.
        asked: whether to end.
    """

    def __init__(self, say: Callable[[str], object], asked: Callable[[], bool]) -> None:
        self._say = say
        self._asked = asked
        self._told_s = 0.0

    def step(self, what: str, since_s: float) -> None:
        """Let a moment pass.

        Args:
            what: is waited for.
            since_s: when that began, on the monotonic clock.

        Raises:
            KeyboardInterrupt: it is asked to end.
        """
        if self._asked():
            raise KeyboardInterrupt
        time.sleep(LOOKED_EVERY_S)
        now_s = time.monotonic()
        if now_s - max(since_s, self._told_s) >= TOLD_EVERY_S:
            self._told_s = now_s
            self._say(f"{what} ({now_s - since_s:.0f} s)")

    def until_done(self, command: Sequence[str], output: Path, what: Callable[[], str]) -> int:
        """Run ``command``, whose words go to ``output``, and return its exit code; an interrupt ends it too."""
        began_s = time.monotonic()
        with output.open("wb") as said:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )
        try:
            while (code := process.poll()) is None:
                self.step(what(), began_s)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        return code


QUIET: Final = Vigil(lambda _: None, lambda: False)


class KnownProcess(msgspec.Struct, frozen=True):
    """A process as it is written down.

    Attributes:
        started: by the system's clock; another process that got the pid later has another one.
        port: where the server listens.
    """

    pid: int
    started: float
    port: int

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process() is not None

    @property
    def listens(self) -> bool:
        """Whether it is this process that takes connections on its port."""
        if not _listens(self.port):
            return False
        process = self._process()
        if process is None:
            return False
        try:
            own = process.net_connections("tcp")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False
        return any(each.status == psutil.CONN_LISTEN and each.laddr.port == self.port for each in own)

    def until_it_listens(self, output: Path, patience_s: float, vigil: Vigil = QUIET) -> None:
        """Wait until it takes connections.

        Args:
            output: file of what it says.
            patience_s: how long it may take.
            vigil: waits.

        Raises:
            PortTakenError: it has ended, and somebody else has its port.
            MachineError: it has ended for another reason, or took no connections in time.
        """
        began_s, name = time.monotonic(), output.stem
        while not self.listens:
            if not self.alive:
                if _listens(self.port):
                    raise PortTakenError(f"{name} ended at once: somebody else has taken port {self.port}")
                raise MachineError(f"{name} ended at once: {_last_words(output)}; all of it is in {output}")
            if time.monotonic() > began_s + patience_s:
                raise MachineError(f"{name} takes no connections after {patience_s:g} s; see {output}")
            vigil.step(f"still starting {name}", began_s)

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None

    def stop(self, patience_s: float) -> None:
        """Ask it to end, and make it end when it has not after ``patience_s``."""
        self.signal(signal.SIGTERM)
        until = time.monotonic() + patience_s
        while self.alive and time.monotonic() < until:
            time.sleep(LOOKED_EVERY_S)
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        process = self._process()
        if process is not None:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                return


Note: TypeAlias = Callable[[KnownProcess], object]
"""Takes note of a process that was started."""


def forget(_: KnownProcess) -> None:
    """Take no note: whoever starts it stops it."""


def free_port(wanted: int | None = None) -> int:
    """Return ``wanted`` if nobody listens there, any free port otherwise."""
    for port in (wanted, 0):
        if port is None:
            continue
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((LOOPBACK, port))
            except OSError:
                continue
            found: int = listener.getsockname()[1]
            return found
    raise MachineError("no port of this machine is free")


def start(
    command: Sequence[str],
    port: int,
    output: Path,
    patience_s: float,
    vigil: Vigil = QUIET,
    note: Note = forget,
) -> KnownProcess:
    """Start a server, and return once it takes connections.

    Args:
        command: of it, with what is its own.
        port: where it will listen.
        output: file for what it says.
        patience_s: how long it may take.
        vigil: waits for it.
        note: told of the process before it is waited for, so that it is known whatever ends this one.

    Raises:
        PortTakenError: somebody else listens there.
        MachineError: it ended, or took no connections in time; it does not run then.
    """
    until = time.monotonic() + GONE_S
    while _listens(port) and time.monotonic() < until:  # one that was killed answers until its last thread has ended
        time.sleep(LOOKED_EVERY_S)
    with output.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=output.parent, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
    try:
        known = KnownProcess(process.pid, psutil.Process(process.pid).create_time(), port)
        note(known)
        known.until_it_listens(output, patience_s, vigil)
    except BaseException:  # an interrupt too leaves nothing behind
        process.kill()
        process.wait()
        raise
    process.returncode = 0  # from here on it is known by its pid: subprocess would warn that it is left running
    return known


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _last_words(output: Path) -> str:
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return " / ".join(lines[-SAID_LINES:]) or "it said nothing"
