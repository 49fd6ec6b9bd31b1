"""A run whose workers and servers die: nothing is lost, nothing decided twice, and windows are as if nobody had died.

``DEATHS_RATE`` and ``DEATHS_SECONDS`` say how much of it is asked for; ``make soak`` does it for ten minutes.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.servers.kafka import find_jars, java_program
from tests.support.deaths import EVERYTHING, Drill, Servers, carried_rate, servers_in
from tests.support.servers import lacking, redis_server

RATE = int(os.environ.get("DEATHS_RATE", "1500"))
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
def test_each_transaction_is_decided_once_whatever_dies(
    servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Read by nobody of the run; its ledger balances, and windows of cards are equal to the last byte.

    A worker is killed every ten seconds and one stopped for longer than its session, the broker is stopped and killed,
    Redis is killed. A machine that does not carry the rate gets a lower one.
    """
    rate, line = carried_rate(servers, tmp_path / "probe", RATE)
    with capsys.disabled():
        print(f"\n{line}")  # noqa: T201 - a rate that was lowered is said
    toll = Drill(servers, tmp_path / "drill", rate, SECONDS, EVERY_S).carry_out(EVERYTHING)
    assert toll.wrong == [], "\n".join([*toll.lines(), *toll.said])
    assert len(toll.deaths) > SECONDS // EVERY_S
