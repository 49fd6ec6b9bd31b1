"""A Kafka and a Redis of a benchmark's own, on free ports of this machine, gone when it ends."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from sim.servers import kafka, redis
from sim.servers.kafka import fetch_jars, start_kafka
from sim.servers.process import LOOPBACK, KnownProcess, free_port
from sim.servers.redis import start_redis


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs."""

    known: KnownProcess

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{LOOPBACK}:{self.known.port}"

    def processor_s(self) -> float:
        """Return how long it has computed."""
        times = psutil.Process(self.known.pid).cpu_times()
        return float(times.user + times.system)


@contextmanager
def redis_server() -> Iterator[Server]:
    """Start Redis for as long as the context lasts.

    Raises:
        MachineError: it is not installed, or does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        known = start_redis(Path(folder), free_port())
        try:
            yield Server(known)
        finally:
            known.stop(redis.STOPS_S)


@contextmanager
def kafka_server() -> Iterator[Server]:
    """Start a broker for as long as the context lasts.

    Raises:
        MachineError: Java or Kafka is not installed, or it does not start.
    """
    fetch_jars()
    with tempfile.TemporaryDirectory() as folder:
        known = start_kafka(Path(folder), free_port())
        try:
            yield Server(known)
        finally:
            known.stop(kafka.STOPS_S)
