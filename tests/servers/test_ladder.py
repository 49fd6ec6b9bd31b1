"""A run whose servers go away in the middle: it never stops, goes down the ladder and up again, and tells of it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sim.exit_codes import INTERRUPTED
from tests.support.redis_server import RedisServer
from tests.support.servers import KafkaServer
from tests.support.sim.stream_commands import Command, holds, lines

SCENARIO = """
version: 1
name: ladder
phases: [{name: steady, duration: 10m, rate: 100}]
pipeline: {drain_timeout: 30s}
expect:
  - {name: books, expr: ledger.balanced == 1}
"""


@pytest.fixture
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    server = KafkaServer(tmp_path_factory.mktemp("kafka"))
    yield server
    server.stop()


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


def test_servers_that_go_and_come_back_cost_no_transaction(
    kafka: KafkaServer, store: RedisServer, world_model: Path, tmp_path: Path
) -> None:
    """Without Redis decisions are lower on the ladder, without Kafka they wait; both alerts fire and resolve."""
    given, out = tmp_path / "ladder.yaml", tmp_path / "out"
    given.write_text(SCENARIO)
    servers = ("--stream", f"kafka://{kafka.address}/ladder-{os.getpid()}", "--store", store.url, "--workers", "2")
    command = Command(("run", str(given), "--out", str(out), "--model", str(world_model), *servers))

    def told(kind: str, name: str) -> bool:
        return any((line["kind"], line["name"]) == (kind, name) for line in lines(out / "journal.jsonl"))

    def decided() -> list[dict[str, Any]]:
        return lines(out / "decisions.jsonl")

    try:
        assert holds(lambda: len(decided()) > 300 or command.process.poll() is not None)
        assert command.process.poll() is None, command.ended()
        store.kill()
        assert holds(lambda: told("alert_firing", "RedisUnreachable"))
        assert {line["mode"] for line in decided()[-50:]} <= {"realtime_only", "rules"}
        store.start()
        assert holds(lambda: told("alert_resolved", "RedisUnreachable"))
        assert holds(lambda: decided()[-1]["mode"] == "full")
        kafka.stop()
        assert holds(lambda: told("alert_firing", "KafkaUnreachable"))
        kafka.start()
        assert holds(lambda: told("alert_resolved", "KafkaUnreachable"))
        before = len(decided())
        assert holds(lambda: len(decided()) > before)
        command.process.send_signal(signal.SIGINT)
        code, said, err = command.ended()
    finally:
        command.kill()
    assert code == INTERRUPTED, said + err
    summary = msgspec.json.decode((out / "summary.json").read_bytes())
    assert (summary["ledger"]["balanced"], summary["stream"]["undecided"]) == (True, 0)
    assert len({line["id"] for line in decided()}) == len(decided())
