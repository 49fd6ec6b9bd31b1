"""The two servers that ``up`` starts and ``down`` stops, in one folder that says which they are."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from actors.core.errors import InputError, OutputError
from actors.core.user_cache import NO_CACHE, user_cache
from sim.servers import kafka, redis
from sim.servers.process import LOOPBACK, KnownProcess, PortTakenError, Vigil, free_port
from sim.signals import drained_by

MARKER: Final = "riskdrill-servers.json"
PREFIX: Final = "riskdrill"
PORTS_TRIED: Final = 3
USUAL_KAFKA: Final = 19_092
USUAL_REDIS: Final = 16_379
"""Ports that are taken where they are free: those of the documentation, which so can be typed as it is."""


class Servers(msgspec.Struct, frozen=True):
    """What is written into the marker; None where a server was never started."""

    kafka: KnownProcess | None = None
    redis: KnownProcess | None = None

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

    What this call started is stopped again when it cannot start everything, or is interrupted. If it is killed, the
    folder says what runs, and the next call, or `down`, finds it.

    Raises:
        InputError: the folder is somebody else's, or another ``up`` is at work in it.
        MachineError: something is not installed, or does not start.
        OutputError: the folder cannot be written.
        KeyboardInterrupt: it was interrupted.
    """
    with _ours(folder), drained_by(lambda: None) as presses:
        vigil = Vigil(say, lambda: presses.more_than(0))
        started: list[KnownProcess] = []
        try:
            _start_redis(folder, say, vigil, started)
            _start_kafka(folder, say, vigil, started)
        except BaseException as error:  # Ctrl-C too leaves nothing running
            for each in started:
                each.stop(redis.STOPS_S)
            if isinstance(error, OSError):
                raise OutputError(f"{folder}: the servers cannot be kept there: {error.strerror}") from error
            raise
        return read(folder)


def _start_redis(folder: Path, say: Callable[[str], None], vigil: Vigil, started: list[KnownProcess]) -> None:
    place, known = folder / "redis", read(folder).redis

    def begin(port: int) -> KnownProcess:
        return redis.start_redis(place, port, (), vigil, lambda begun: _note(folder, redis=begun))

    if known is not None and known.alive:
        say("Redis runs already")
        known.until_it_listens(redis.output(place), redis.PATIENCE_S, vigil)
    else:
        say("starting Redis")
        started.append(_on_a_free_port(begin, USUAL_REDIS if known is None else known.port))


def _start_kafka(folder: Path, say: Callable[[str], None], vigil: Vigil, started: list[KnownProcess]) -> None:
    place, known = folder / "kafka", read(folder).kafka

    def begin(port: int) -> KnownProcess:
        return kafka.start_kafka(place, port, vigil, lambda begun: _note(folder, kafka=begun))

    if known is not None and known.alive:
        say("Kafka runs already")
        known.until_it_listens(kafka.output(place), kafka.PATIENCE_S, vigil)
        return
    if kafka.find_jars() is None:
        say(f"fetching Kafka {kafka.VERSION} with Maven (43 MB, once)")
        kafka.fetch_jars(vigil)
    say("starting Kafka")
    started.append(_on_a_free_port(begin, USUAL_KAFKA if known is None else known.port))


def _on_a_free_port(begin: Callable[[int], KnownProcess], usual: int) -> KnownProcess:
    """Start a server on its ``usual`` port, or on another if somebody else has that one, even since just now."""
    wanted: int | None = usual
    for _ in range(PORTS_TRIED):
        try:
            return begin(free_port(wanted))
        except PortTakenError:
            wanted = None
    return begin(free_port())


def down(folder: Path, say: Callable[[str], None], *, purge: bool = False) -> None:
    """Stop the servers of ``folder``; with ``purge`` delete it, if it has our marker.

    Raises:
        InputError: the folder has no servers of ours, or another call is at work in it.
        OutputError: the folder cannot be deleted.
    """
    if not (folder / MARKER).is_file():
        raise InputError(f"{folder}: has no servers of riskdrill (no {MARKER}); nothing was stopped or deleted")
    with _ours(folder):
        servers = read(folder)
        running = servers.running
        for name, known, patience_s in (
            ("Kafka", servers.kafka, kafka.STOPS_S),
            ("Redis", servers.redis, redis.STOPS_S),
        ):
            if known is not None and name in running:
                say(f"stopping {name}")
                known.stop(patience_s)
        if not running:
            say("nothing was running")
        if purge:
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise OutputError(f"{folder}: not all of it can be deleted: {error}") from error
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


def _note(folder: Path, **started: KnownProcess) -> None:
    """Write down which processes were ``started``, by the name of the server."""
    _write(folder, msgspec.structs.replace(read(folder), **started))


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
        lock = os.open(folder, os.O_RDONLY)  # not the marker, in whose place another file comes
    except OSError as error:
        raise OutputError(f"{folder}: the servers cannot be kept there: {error.strerror}") from error
    try:
        _lock(lock, folder)
        yield
    finally:
        os.close(lock)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(f"{folder}: another up or down is at work there; wait for it") from error
