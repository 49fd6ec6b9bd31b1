"""The two servers that ``up`` starts and ``down`` stops, in one folder that says which they are."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from actors.core.errors import InputError, OutputError
from actors.core.user_cache import NO_CACHE, user_cache
from sim.servers import kafka, redis
from sim.servers.process import LOOPBACK, Known, free_port

MARKER: Final = "riskdrill-servers.json"
PREFIX: Final = "riskdrill"
REDIS_STOPS_S: Final = 10.0


class Servers(msgspec.Struct, frozen=True):
    """What is written into the marker; None where a server was never started."""

    kafka: Known | None = None
    redis: Known | None = None

    @property
    def stream(self) -> str:
        """The address of the stream."""
        return "" if self.kafka is None else f"kafka://{LOOPBACK}:{self.kafka.port}/{PREFIX}"

    @property
    def store(self) -> str:
        """The address of the store."""
        return "" if self.redis is None else f"redis://{LOOPBACK}:{self.redis.port}"

    @property
    def running(self) -> list[str]:
        """Names of those that run."""
        both = {"Kafka": self.kafka, "Redis": self.redis}
        return [name for name, known in both.items() if known is not None and known.alive]


def default_folder() -> Path:
    """Return the folder of the servers when none is named.

    Raises:
        OutputError: the user has no cache.
    """
    cache = user_cache()
    if cache is None:
        raise OutputError(f"the servers have no folder: {NO_CACHE}; name one with --dir")
    return cache / "servers"


def up(folder: Path, say: Callable[[str], None]) -> Servers:
    """Start those of the two servers that do not run, each with the data it had, and return both.

    What this call started is stopped again when it cannot start everything, or is interrupted.

    Raises:
        InputError: the folder is somebody else's, or another ``up`` is at work in it.
        MachineError: something is not installed, or does not start.
        OutputError: the folder cannot be written.
    """
    with _ours(folder):
        servers = read(folder)
        started: list[Known] = []
        try:
            for name, begin, known in (
                ("Redis", redis.start_redis, servers.redis),
                ("Kafka", kafka.start_kafka, servers.kafka),
            ):
                if known is not None and known.alive:
                    say(f"{name} runs already")
                    continue
                if name == "Kafka" and kafka.find_jars() is None:
                    say(f"fetching Kafka {kafka.VERSION} with Maven (43 MB, once)")
                    kafka.fetch_jars()
                say(f"starting {name}")
                port = free_port(None if known is None else known.port)
                started.append(begin(folder / name.lower(), port))
                servers = msgspec.structs.replace(servers, **{name.lower(): started[-1]})
            _write(folder, servers)
        except BaseException:  # Ctrl-C too leaves nothing running
            for each in started:
                each.stop(REDIS_STOPS_S)
            raise
    return servers


def down(folder: Path, say: Callable[[str], None], *, purge: bool = False) -> None:
    """Stop the servers of ``folder``; with ``purge`` delete it, if it has our marker.

    Raises:
        InputError: the folder has no servers of ours, or another call is at work in it.
    """
    if not (folder / MARKER).is_file():
        raise InputError(f"{folder}: has no servers of riskdrill (no {MARKER}); nothing was stopped or deleted")
    with _ours(folder):
        servers = read(folder)
        running = servers.running
        for name, known, patience_s in (
            ("Kafka", servers.kafka, kafka.STOPS_S),
            ("Redis", servers.redis, REDIS_STOPS_S),
        ):
            if known is not None and name in running:
                say(f"stopping {name}")
                known.stop(patience_s)
        if not running:
            say("nothing was running")
        if purge:
            shutil.rmtree(folder)
            say(f"deleted {folder}")


def read(folder: Path) -> Servers:
    """Return what the marker in ``folder`` says.

    Raises:
        InputError: it is none of ours.
    """
    try:
        return msgspec.json.decode((folder / MARKER).read_bytes(), type=Servers)
    except msgspec.DecodeError as error:
        raise InputError(f"{folder / MARKER}: is not what `up` writes: {error}; move it away") from error


def _write(folder: Path, servers: Servers) -> None:
    half = folder / f"{MARKER}.half"
    half.write_bytes(msgspec.json.encode(servers))
    half.replace(folder / MARKER)


@contextmanager
def _ours(folder: Path) -> Iterator[None]:
    """Make ``folder`` ours and nobody else's for the while."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / MARKER).exists():
            if any(folder.iterdir()):
                raise InputError(f"{folder}: holds other files; name an empty or a new folder with --dir")
            _write(folder, Servers())
        lock = (folder / MARKER).open("rb")
    except OSError as error:
        raise OutputError(f"{folder}: the servers cannot be kept there: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"{folder}: another up or down is at work there; wait for it") from error
        yield
