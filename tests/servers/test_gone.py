"""Transactions that nobody can decide any more end a run at once: it says why, counts what is undecided, and fails."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.topics import StreamTopics
from actors.core.errors import MachineError
from sim.exit_codes import FAILED, GONE
from tests.support.redis_server import RedisServer
from tests.support.sim.stream_commands import Command, committed_count, holds

PARTITIONS = 6
ENDED_S = 60.0
SCENARIO = """
version: 1
name: gone
phases: [{name: steady, duration: 10m, rate: 100}]
pipeline: {drain_timeout: 30s}
expect:
  - {name: books, expr: ledger.balanced == 1}
"""


def retention(admin: AdminClient, topic: str) -> None:
    """Take all that lies there, as retention does."""
    for answer in admin.delete_records([TopicPartition(topic, each, -1) for each in range(PARTITIONS)]).values():
        answer.result()


def anew(admin: AdminClient, topic: str) -> None:
    """Remove the topic, with what its group has committed, and make another one of its name."""
    for answer in admin.delete_topics([topic]).values():
        answer.result()
    (made,) = admin.create_topics([NewTopic(topic, PARTITIONS, 1)]).values()
    made.exception()  # that it is there: by whoever sends


@pytest.mark.parametrize(
    ("who", "damage", "told"),
    [
        ("run with children", retention, "the next transaction is not there any more"),
        ("run", anew, "start a new run"),
        ("produce", retention, "the next transaction is not there any more"),
    ],
    ids=["run with children", "run", "produce"],
)
def test_what_nobody_can_decide_ends_the_run_at_once(
    who: str,
    damage: Callable[[AdminClient, str], None],
    told: str,
    kafka_address: str,
    store: RedisServer,
    world_model: Path,
    tmp_path: Path,
) -> None:
    """One line with the cause, exit code 99, no worker started again, and the books balance with what is undecided."""
    prefix = f"gone-{os.getpid()}-{damage.__name__}-{who.replace(' ', '-')}"
    url = f"kafka://{kafka_address}/{prefix}"
    given, out = tmp_path / "gone.yaml", tmp_path / "out"
    given.write_text(SCENARIO)
    servers = ("--stream", url, "--store", store.url)
    own = {"run with children": ("--workers", "1", "--out", str(out)), "run": ("--out", str(out)), "produce": ()}[who]
    command = Command((who.partition(" ")[0], str(given), "--model", str(world_model), *servers, *own))
    worker = None if "children" in who else Command(("worker", *servers, "--slot", "w0"))
    deciding = command if worker is None else worker
    try:
        assert holds(lambda: committed_count(url) > 200 or command.process.poll() is not None)
        assert command.process.poll() is None, command.ended()
        frozen = [each for each in deciding.processes() if each != command.process.pid]
        for each in frozen:
            os.kill(each, signal.SIGSTOP)
        assert not holds(lambda: command.process.poll() is not None, 2.0)
        admin = AdminClient({"bootstrap.servers": kafka_address})
        damage(admin, f"{prefix}.transactions")
        for each in frozen:
            os.kill(each, signal.SIGCONT)
        code, said, err = command.ended(ENDED_S)
        ended = None if worker is None else worker.ended(ENDED_S)
    finally:
        command.kill()
        if worker is not None:
            worker.kill()
    assert code == FAILED, said + err
    assert told in said + err
    if ended is not None:
        assert (ended[0], told in ended[2]) == (GONE, True), ended
    if who != "produce":
        summary = msgspec.json.decode((out / "summary.json").read_bytes())
        assert summary["ledger"]["balanced"]
        assert summary["stream"]["restarts"] == 0
        assert summary["stream"]["undecided"] > 0
        assert summary["ledger"]["offered"] > summary["ledger"]["decided"] > 0


def test_what_kafka_has_forgotten_is_not_decided(kafka_address: str) -> None:
    """A group that knows no offset has decided nothing, and one that is beyond the end of the topic is no answer."""
    stream = parse_stream(f"kafka://{kafka_address}/forgotten-{os.getpid()}")
    topics = StreamTopics(stream)
    topics.ensure(PARTITIONS)
    starts = topics.claim("r")
    producer = Producer({"bootstrap.servers": kafka_address})
    for number in range(30):
        producer.produce(stream.topics.transactions, b"{}", partition=number % PARTITIONS)
    assert producer.flush(ENDED_S) == 0
    assert topics.lag("r", starts) == 30
    topics.discard("r")
    assert topics.lag("r", starts) == 30
    group = Consumer({"bootstrap.servers": kafka_address, "group.id": stream.group_of("r")})
    group.commit(offsets=[TopicPartition(stream.topics.transactions, 0, 9_000)], asynchronous=False)
    group.close()
    with pytest.raises(MachineError, match="ends below what was decided"):
        topics.lag("r", starts)
