"""Commands on real servers as a user gives them, each a process of its own, and what they leave behind."""

import asyncio
import fcntl
import os
import pty
import secrets
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.plain import CommittedReader
from actors.adapters.kafka.topics import StreamTopics
from actors.core.errors import MachineError
from tests.support.repository import ROOT

PATIENCE_S = 90.0
LOOK_S = 0.05
MARK = "RISKDRILL_TEST_MARK"  # in the environment of whatever a command starts


@dataclass
class Command:
    """One command of ours; whatever it starts can be found, also when it is gone itself."""

    words: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start it."""
        self._mark = secrets.token_hex(8)
        own = {**os.environ, **self.environment, MARK: self._mark}
        command = [sys.executable, "-m", "sim", *self.words]
        self.process = subprocess.Popen(
            command, cwd=ROOT, text=True, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def ended(self, within_s: float = PATIENCE_S) -> tuple[int, str, str]:
        """Wait for its end; return exit code, output and errors."""
        try:
            out, err = self.process.communicate(timeout=within_s)
        finally:
            self.kill()
        return self.process.returncode, out, err

    def processes(self) -> list[int]:
        """Return the processes that are alive of it and of what it started."""
        return list(_marked(f"{MARK}={self._mark}".encode()))

    def gone(self, within_s: float = PATIENCE_S) -> bool:
        """Wait until nothing of it is alive; return whether that is so in time."""
        return holds(lambda: not self.processes(), within_s)

    def kill(self) -> None:
        """End it and all that it started as a crash does, and let go of what it was started with."""
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


class AtScreen(Command):
    """A command in a terminal of 120×40 of its own, and all that it has shown so far.

    Attributes:
        seen: what was written to the terminal.
    """

    def __post_init__(self) -> None:
        """Start it."""
        self._mark = secrets.token_hex(8)
        self.seen = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        own = {**os.environ, "TERM": "xterm-256color", **self.environment, MARK: self._mark}
        command = [sys.executable, "-m", "sim", *self.words]
        self.process = subprocess.Popen(
            command, cwd=ROOT, text=True, env=own, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # nobody has the other end any more
            while data := os.read(self._master, 1 << 16):
                self.seen += data.decode(errors="replace")

    def press(self, keys: str, shows: str = "") -> bool:
        """Type; return whether what it ``shows`` was written after it, in time."""
        before = len(self.seen)
        os.write(self._master, keys.encode())
        return holds(lambda: shows in self.seen[before:])

    def ended(self, within_s: float = PATIENCE_S) -> tuple[int, str, str]:
        """Wait for its end; return exit code and all that it showed."""
        try:
            self.process.wait(within_s)
            self._reader.join(PATIENCE_S)
        finally:
            self.kill()
        return self.process.returncode, self.seen, ""

    def kill(self) -> None:
        """End it and all that it started as a crash does, and let go of its terminal."""
        super().kill()
        self._reader.join(PATIENCE_S)
        with suppress(OSError):
            os.close(self._master)


def _marked(mark: bytes) -> Iterator[int]:
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (place / "environ").read_bytes().split(b"\0"):
                yield int(place.name)


def holds(condition: Callable[[], object], within_s: float = PATIENCE_S) -> bool:
    """Wait until ``condition`` holds; return whether it does in time."""
    until = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_S)
    return True


def lines(file: Path) -> list[dict[str, Any]]:
    """Return the documents in the whole lines of ``file``: none while it is not there, never half of one."""
    whole = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
    return [msgspec.json.decode(line) for line in whole]


def committed_count(url: str) -> int:
    """Return how far the topic of decisions on a stream has come, commits counted too; 0 while it is not there."""
    stream = parse_stream(url)
    try:
        return sum(StreamTopics(stream).ends(stream.topics.decisions).values())
    except MachineError:
        return 0


def committed_decisions(url: str, run: str, count: int) -> list[bytes]:
    """Return the lines of the first ``count`` decisions of ``run`` that a reader of committed messages sees, sorted."""
    stream = parse_stream(url)
    topics = StreamTopics(stream)

    async def read() -> list[bytes]:
        reader = CommittedReader(stream, topics.begins(stream.topics.decisions))
        found: list[bytes] = []
        try:
            async with asyncio.timeout(PATIENCE_S):
                while len(found) < count:
                    found += [each.value for each in await reader.read() if each.headers["run"] == run.encode()]
        finally:
            await reader.close()
        return sorted(found)

    return asyncio.run(read())
