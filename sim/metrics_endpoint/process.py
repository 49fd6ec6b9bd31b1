"""The endpoint's own process: takes readings from the pipe, asks for the next one, serves the latest.

It asks for a reading once a second at most, so a run makes none that nobody wants. It ends when the pipe closes, which
is when the run is gone, and after the last reading once that was read, or a while later. It does not hear Ctrl-C: the
run does, and closes the pipe.
"""

import os
import select
import signal
import socket
import threading
import time
from contextlib import suppress
from typing import Any, Final

from prometheus_client import CollectorRegistry

from sim.metrics_endpoint.collector import ReadingCollector
from sim.metrics_endpoint.reading import LAST_SCRAPE_S, Inbox, Reading
from sim.metrics_endpoint.server import METRICS, MetricsServer, application

EVERY_S: Final = 1.0
SILENT_S: Final = 10.0  # beyond what is usual: the run does not tell any more
WANTED: Final = b"?"
_NICENESS: Final = 10  # the pipeline goes first


class Board:
    """The latest reading, with the instant at which it came. The server's threads read it, one thread writes it."""

    def __init__(self) -> None:
        self._latest = (Reading(state="starting"), time.monotonic())
        self._read_here = threading.local()

    def put(self, reading: Reading) -> None:
        """Let ``reading`` be the latest."""
        self._latest = (reading, time.monotonic())

    def latest(self) -> tuple[Reading, float]:
        """Return the latest reading, and how many seconds old it is."""
        reading, at_s = self._latest
        self._read_here.last = reading.ended
        return reading, time.monotonic() - at_s

    @property
    def last_read_here(self) -> bool:
        """Whether it was the last reading of a run that the thread which asks has read."""
        return getattr(self._read_here, "last", False)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Return whether the run tells how it is as often as it should, and what it does."""
        reading, age_s = self.latest()
        expected = reading.state in {"running", "draining"}
        well = not expected or age_s <= SILENT_S + 2 * reading.every_s
        return well, {
            "status": "ok" if well else "silent",
            "state": reading.state,
            "scenario": reading.identity.scenario,
            "reading_age_s": round(age_s, 3),
        }


class EndpointLoop:
    """Feeds the board from the pipe until the run is gone, or its last figures were read.

    Args:
        pipe: readings come in, wishes go out.
        board: gets them.
        scraped: readable once the last reading was read.
    """

    def __init__(self, pipe: socket.socket, board: Board, scraped: socket.socket) -> None:
        self._pipe = pipe
        self._board = board
        self._scraped = scraped
        self._inbox = Inbox()
        self._ends_s: float | None = None
        self._asks_s: float | None = time.monotonic()

    def run(self) -> None:
        """Go on until there is no more to do."""
        while True:
            now_s = time.monotonic()
            if self._ends_s is not None and now_s >= self._ends_s:
                return
            if self._asks_s is not None and now_s >= self._asks_s:
                self._asks_s = None
                self._pipe.sendall(WANTED)
            due = [each - now_s for each in (self._ends_s, self._asks_s) if each is not None]
            ready, _, _ = select.select([self._pipe, self._scraped], [], [], max(0.0, min(due)) if due else None)
            if self._scraped in ready or (self._pipe in ready and not self._take()):
                return

    def _take(self) -> bool:
        """Take what has come; return False at the end of the pipe."""
        data = self._pipe.recv(1 << 20)
        for reading in self._inbox.feed(data):
            self._board.put(reading)
            if reading.ended:
                self._ends_s = time.monotonic() + LAST_SCRAPE_S
            else:
                self._asks_s = time.monotonic() + EVERY_S
        return bool(data)


def main(pipe_fd: int, listener_fd: int) -> None:
    """Serve until the run is gone, or its last figures were read.

    Args:
        pipe_fd: inherited end of the socket pair.
        listener_fd: inherited socket that listens.
    """
    with suppress(OSError):
        os.nice(_NICENESS)
    for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    board, registry = Board(), CollectorRegistry()
    registry.register(ReadingCollector(board.latest))
    scraped, scrapes = socket.socketpair()

    def served(path: str) -> None:
        if path == METRICS and board.last_read_here:
            scrapes.send(b"!")

    listener = socket.socket(fileno=listener_fd)
    with (
        socket.socket(fileno=pipe_fd) as pipe,
        MetricsServer(listener, application(registry, board.health), served) as server,
    ):
        threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
        with suppress(ConnectionError, ValueError):  # the run is gone
            EndpointLoop(pipe, board, scraped).run()
        server.shutdown()
