"""Redis on this machine: every change is in its log within a second, so that it comes back after it was killed."""

import shutil
from pathlib import Path
from typing import Final

from actors.core.errors import MachineError
from sim.servers.process import LOOPBACK, QUIET, KnownProcess, Note, Vigil, forget, start

PATIENCE_S: Final = 20.0
STOPS_S: Final = 10.0  # one that is asked to end writes its log first
PROGRAM: Final = "redis-server"
INSTALL: Final = "apt-get install redis-server"


def redis_program() -> str:
    """Return the path of the server.

    Raises:
        MachineError: it is not installed.
    """
    found = shutil.which(PROGRAM)
    if found is None:
        raise MachineError(f"{PROGRAM} is not on the path; install it: {INSTALL}")
    return found


def start_redis(
    folder: Path,
    port: int,
    settings: tuple[str, ...] = (),
    vigil: Vigil = QUIET,
    note: Note = forget,
) -> KnownProcess:
    """Start Redis with its data in ``folder``, and return once it takes connections.

    Args:
        folder: of its own; made if need be.
        port: where it listens, on loopback.
        settings: further ones, as on its command line.
        vigil, note: see `sim.servers.process.start`.

    Raises:
        MachineError: it is not installed, or does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = ("--port", str(port), "--bind", LOOPBACK, "--dir", str(folder.absolute()))
    kept = ("--appendonly", "yes", "--save", "", "--loglevel", "warning")
    return start([redis_program(), *own, *kept, *settings], port, output(folder), PATIENCE_S, vigil, note)


def output(folder: Path) -> Path:
    """Return the file of what Redis says, with its data in ``folder``."""
    return folder / "redis.log"
