"""A run whose workers and servers die: nothing is lost, nothing decided twice, and windows are as if nobody had died.

``DEATHS_RATE`` and ``DEATHS_SECONDS`` say how much of it; ``make soak`` lets everything die in one run.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.servers.kafka import find_jars, java_program
from tests.support.deaths import Drill, Servers, servers_in
from tests.support.servers import lacking, redis_server

RATE = int(os.environ.get("DEATHS_RATE", "300"))
SECONDS = int(os.environ.get("DEATHS_SECONDS", "60"))
EVERY_S = 10.0


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Run a broker and a Redis of the test's own, which it kills."""
    redis_server()
    if find_jars() is None:
        lacking("Kafka's jars: python -m tests.support.servers")
    java_program()
    with servers_in(tmp_path) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize(("dies", "every_s"), [("worker stopped", EVERY_S), ("kafka killed", float(SECONDS + 1))])
def test_each_transaction_is_decided_once_whatever_dies(
    servers: Servers, tmp_path: Path, dies: str, every_s: float
) -> None:
    """Read by nobody of the run; its ledger balances, and windows of cards are equal to the last byte."""
    toll = Drill(servers, tmp_path, RATE, SECONDS, every_s).carry_out([dies])
    assert toll.wrong == [], "\n".join([*toll.lines(), *toll.said])
