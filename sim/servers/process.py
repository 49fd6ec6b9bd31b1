"""A server in a process that outlives whoever started it, known again by its pid and the instant it was started at."""

import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import psutil

from actors.core.errors import MachineError

LOOPBACK: Final = "127.0.0.1"
LOOKED_EVERY_S: Final = 0.05
SAID_LINES: Final = 3
GONE_S: Final = 5.0


class Known(msgspec.Struct, frozen=True):
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


def start(command: Sequence[str], port: int, output: Path, patience_s: float) -> Known:
    """Start a server, and return once it takes connections.

    Args:
        command: of it, with what is its own.
        port: where it will listen.
        output: file for what it says.
        patience_s: how long it may take.

    Raises:
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
        _wait_for(process, port, output, patience_s)
    except BaseException:  # an interrupt too leaves nothing behind
        process.kill()
        process.wait()
        raise
    known = Known(process.pid, psutil.Process(process.pid).create_time(), port)
    process.returncode = 0  # from here on it is known by its pid: subprocess would warn that it is left running
    return known


def _wait_for(process: "subprocess.Popen[bytes]", port: int, output: Path, patience_s: float) -> None:
    until, name = time.monotonic() + patience_s, output.stem
    while not _listens(port):
        if process.poll() is not None:
            raise MachineError(f"{name} ended at once: {_last_words(output)}; all of it is in {output}")
        if time.monotonic() > until:
            raise MachineError(f"{name} takes no connections after {patience_s:g} s; see {output}")
        time.sleep(LOOKED_EVERY_S)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _last_words(output: Path) -> str:
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return " / ".join(lines[-SAID_LINES:]) or "it said nothing"
