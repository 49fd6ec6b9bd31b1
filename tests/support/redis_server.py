"""A Redis of a test's own, to be stopped, filled up and killed."""

import signal
import socket
import subprocess
from pathlib import Path

from tests.support.servers import redis_server

READY = "Ready to accept connections"


class RedisServer:
    """A server on a free port of this machine, without persistence.

    Args:
        folder: where it works.
        settings: further ones, such as ``["--requirepass", "x"]``.
    """

    def __init__(self, folder: Path, settings: tuple[str, ...] = ()) -> None:
        program = redis_server()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self._command += settings
        self.start()

    def start(self) -> None:
        """Start it, empty, and return when it takes connections."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if READY in line:
                return
        raise AssertionError(f"redis-server takes no connections: {''.join(said)}")

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._process.communicate()

    def pause(self) -> None:
        """Let it answer nobody, with its connections open."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)
