"""Real servers for tests, each of a test's own; ``python -m tests.support.servers`` fetches what they are made of.

Where a server is missing its tests are skipped by name. ``RISKDRILL_REQUIRE=all`` makes each such skip a failure, and
``RISKDRILL_REQUIRE=none`` skips them where the server is there, too.
"""

import os
import signal
from pathlib import Path
from typing import NoReturn

import pytest

from actors.core.errors import MachineError
from sim.servers.kafka import STOPS_S, fetch_jars, find_jars, java_program, start_kafka
from sim.servers.process import LOOPBACK, free_port
from sim.servers.redis import redis_program

REQUIRE = "RISKDRILL_REQUIRE"


def unwanted(what: str) -> None:
    """Skip the test that needs ``what`` where tests are to go without servers."""
    if os.environ.get(REQUIRE) == "none":
        pytest.skip(f"needs {what}: make test-servers has it")


def lacking(what: str) -> NoReturn:
    """Skip the test that needs ``what``, or fail it where all must be there."""
    if os.environ.get(REQUIRE) == "all":
        pytest.fail(f"needs {what}, and {REQUIRE}=all says that it is there", pytrace=False)
    pytest.skip(f"needs {what}")


def redis_server() -> str:
    """Return the program of Redis; skips the test where there is none."""
    unwanted("redis-server")
    try:
        return redis_program()
    except MachineError as error:
        lacking(str(error))


class KafkaServer:
    """A broker on a free port of this machine, with its data in ``folder``."""

    def __init__(self, folder: Path) -> None:
        unwanted("Kafka")
        try:
            java_program()
        except MachineError as error:
            lacking(str(error))
        if find_jars() is None:
            lacking("Kafka's jars: python -m tests.support.servers")
        self._folder = folder
        self._port = free_port()
        self.start()

    @property
    def address(self) -> str:
        """The broker, as in an address."""
        return f"{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Start it, with the data it had, and return when it takes connections."""
        self._known = start_kafka(self._folder, self._port)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._known.stop(STOPS_S)

    def kill(self) -> None:
        """End it as a crash does."""
        self._known.signal(signal.SIGKILL)
        self._known.stop(STOPS_S)


if __name__ == "__main__":
    fetch_jars()
