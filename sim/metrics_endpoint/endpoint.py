"""The run's side of an endpoint: starts its process, hands it readings when it wants one, and never waits for it.

The socket is opened here, so that a port that is taken is known before the run; the endpoint's process inherits it.
Until that asks, nothing is made for it: a run pays for one reading a second, and for none when nobody takes them. An
endpoint that is slow or dead costs nothing and raises nothing.
"""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sim.installation import HOME
from sim.metrics_endpoint.address import MetricsAddress, address_of
from sim.metrics_endpoint.reading import LAST_SCRAPE_S, Reading, pack

_FAREWELL_S: Final = 1.5  # its process ends in a few ms; one that does not is killed
_HAND_OVER_S: Final = 2.0  # for the last reading, which its process takes at once
_WISHES: Final = 1 << 10


class Endpoint:
    """An endpoint in a process of its own; `start` makes one.

    Attributes:
        address: where it listens.

    Args:
        process: its process.
        pipe: our end; becomes non-blocking.
    """

    def __init__(self, address: MetricsAddress, process: "subprocess.Popen[bytes]", pipe: socket.socket) -> None:
        pipe.setblocking(False)
        self.address = address
        self._process = process
        self._pipe = pipe
        self._rest = memoryview(b"")
        self._asked = False
        self._alive = True
        self._told_last = False

    @classmethod
    def start(cls, asked: MetricsAddress) -> "Endpoint":
        """Listen at ``asked`` and serve there from now on.

        Raises:
            InputError: the address cannot be had.
        """
        with asked.listen() as listener:
            ours, theirs = socket.socketpair()
            inherited = (theirs.fileno(), listener.fileno())
            command = [sys.executable, "-m", "sim.metrics_endpoint", *map(str, inherited)]
            # Inherited: Ctrl-C and the end of the terminal are for the run, which then closes the pipe.
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
            try:
                process = subprocess.Popen(
                    command,
                    pass_fds=inherited,
                    cwd=HOME,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                theirs.close()
            return cls(address_of(listener, asked), process, ours)

    @property
    def url(self) -> str:
        """Where the metrics are read."""
        return f"http://{self.address}/metrics"

    @property
    def wanted(self) -> bool:
        """Whether a reading told now would be taken now; asked before one is made."""
        self._pump()
        if self._alive and not self._rest and not self._asked:
            try:
                wishes = self._pipe.recv(_WISHES)
            except (BlockingIOError, InterruptedError):
                return False
            except OSError:
                wishes = b""
            self._asked = bool(wishes)
            self._alive = bool(wishes)
        return self._alive and self._asked

    def tell(self, reading: Reading) -> None:
        """Hand over a reading that is wanted; never blocks, never raises."""
        self._asked = False
        self._rest = memoryview(pack(reading))
        self._pump()

    def tell_now(self, reading: Reading) -> None:
        """Hand over a reading that must arrive, such as the last one, within a bounded time; never raises."""
        data = bytes(self._rest) + pack(reading)
        self._rest = memoryview(b"")
        try:
            self._pipe.settimeout(_HAND_OVER_S)
            self._pipe.sendall(data)
            self._pipe.setblocking(False)
            self._told_last = reading.ended
        except OSError:
            self._alive = False

    def await_scrape(self, say: Callable[[str], object]) -> None:
        """Wait until the last reading was read, at most `LAST_SCRAPE_S`; Ctrl-C ends that."""
        if not self._told_last or self._process.poll() is not None:
            return
        say(f"{self.url} stays up to {LAST_SCRAPE_S:g} s until it was read once more; Ctrl-C ends that")
        with suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
            self._process.wait(LAST_SCRAPE_S + _FAREWELL_S)

    def finish(self, say: Callable[[str], object]) -> None:
        """Say in a line whether it was lost; if not, serve until the last figures were read."""
        if self.loss:
            say(f"lost: {self.loss}")
        self.await_scrape(say)

    @property
    def loss(self) -> str:
        """Told in a line that its process ended before its time; "" while it lives."""
        status = self._process.poll()
        if status is None or self._told_last:
            return ""
        how = f"by signal {-status}" if status < 0 else f"with code {status}"
        return f"the process that served the metrics ended {how}; nothing else was touched by that"

    def close(self) -> None:
        """End it within a bounded time; does nothing the second time."""
        self._alive = False
        self._pipe.close()
        try:
            self._process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _pump(self) -> None:
        """Push out what waits, as far as the other side takes it."""
        while self._alive and self._rest:
            try:
                self._rest = self._rest[self._pipe.send(self._rest) :]
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._alive = False
                self._rest = memoryview(b"")


@contextmanager
def serving(asked: MetricsAddress | None, say: Callable[[str], object]) -> Iterator[Endpoint | None]:
    """Serve at ``asked`` within the context, and at its end until the last figures were read; None serves nowhere.

    Args:
        asked: where.
        say: told in a line where that is, who can read it, and what becomes of it.

    Raises:
        InputError: the address cannot be had.
    """
    if asked is None:
        yield None
        return
    endpoint = Endpoint.start(asked)
    try:
        say(f"metrics at {endpoint.url}")
        if asked.warning:
            say(asked.warning)
        yield endpoint
        endpoint.finish(say)
    finally:
        endpoint.close()
