"""What a worker makes of servers that cannot be used and of messages that are not ours: a line, and nothing is lost."""

import asyncio
import itertools
import os
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.messages import VERSION, Headers, offered
from actors.core.clock import NS_PER_S, wall_ns
from sim.exit_codes import GONE, PASS, USAGE
from sim.stream.control_messages import Status
from tests.support.redis_server import RedisServer
from tests.support.sim.stream_commands import Command
from tests.support.sim.stream_runs import StreamRun
from tests.support.sim.workers import transactions

PATIENCE_S = 60.0
LATER_NS = 3_600 * NS_PER_S
_prefixes = itertools.count()
RUN = ("run", "burst", "--workers", "1")
Sent = tuple[bytes | None, bytes | None, Headers]


@pytest.fixture
def url(kafka_address: str) -> str:
    """Return a stream of the test's own, whose topics are not there yet."""
    return f"kafka://{kafka_address}/bad-{os.getpid()}-{next(_prefixes)}"


@pytest.mark.parametrize(
    ("settings", "password", "told"),
    [
        (("--requirepass", "hunter2"), None, "requires a password: export RISKDRILL_REDIS_PASSWORD"),
        (("--requirepass", "hunter2"), "wrong-one", "refuses the password in RISKDRILL_REDIS_PASSWORD"),
        (("--replicaof", "127.0.0.1 1"), None, "read-only here: name the primary"),
        (("--maxmemory", "1"), None, "out of memory: raise its maxmemory"),
    ],
    ids=["no password", "wrong password", "read-only", "out of memory"],
)
@pytest.mark.parametrize("command", [("worker",), RUN], ids=["worker", "run"])
def test_a_store_that_cannot_be_used_is_one_line(
    command: tuple[str, ...],
    settings: tuple[str, ...],
    password: str | None,
    told: str,
    url: str,
    tmp_path: Path,
) -> None:
    """Exit code 2, what to do about it, and no password."""
    environment = {} if password is None else {"RISKDRILL_REDIS_PASSWORD": password}
    server = RedisServer(tmp_path, settings)
    try:
        code, _, said = Command((*command, "--stream", url, "--store", server.url), environment).ended()
    finally:
        server.kill()
    assert code == USAGE
    assert told in said
    assert len(said.splitlines()) == 1
    assert password is None or password not in said


def made(url: str, name: str, partitions: int, **settings: str) -> None:
    """Make a topic of a stream."""
    named = {key.replace("_", "."): value for key, value in settings.items()}
    create(url, NewTopic(f"{url.rpartition('/')[2]}.{name}", partitions, 1, config=named))


def create(url: str, topic: NewTopic) -> None:
    """Have the broker make ``topic``."""
    servers = url.removeprefix("kafka://").partition("/")[0]
    admin = AdminClient({"bootstrap.servers": servers})  # without a name it is gone before it has an answer
    for answer in admin.create_topics([topic]).values():
        answer.result()


@pytest.mark.parametrize(
    ("command", "topics", "told"),
    [
        (RUN, {"transactions": 3, "decisions": 2}, "decisions has 2 partitions and"),
        (RUN, {"control": 3}, "control has 3 partitions and must have one"),
        (("worker",), {"control": 3}, "control has 3 partitions and must have one"),
    ],
    ids=["partitions differ", "control of a run", "control of a worker"],
)
def test_topics_that_do_not_fit_are_one_line(
    command: tuple[str, ...], topics: dict[str, int], told: str, url: str, store: RedisServer
) -> None:
    """Exit code 2 at the start, before anything is decided that has no place."""
    for name, partitions in topics.items():
        made(url, name, partitions)
    code, _, said = Command((*command, "--stream", url, "--store", store.url)).ended()
    assert code == USAGE
    assert told in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(("command", "name"), [(RUN, "transactions"), (("worker",), "control")], ids=["run", "worker"])
def test_a_topic_that_cannot_be_made_is_one_line(
    command: tuple[str, ...], name: str, url: str, store: RedisServer
) -> None:
    """Exit code 2, its name, and why; Kafka takes a dot and an underscore for one."""
    prefix = url.rpartition("/")[2]
    create(url, NewTopic(f"{prefix}_{name}", 1, 1))
    code, _, said = Command((*command, "--stream", url, "--store", store.url)).ended()
    assert code == USAGE
    assert f"{prefix}.{name} cannot be created: Topic '{prefix}.{name}' collides" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("name", ["transactions", "decisions", "dead-letters"])
def test_a_topic_that_does_not_take_our_messages_is_one_line(name: str, url: str, store: RedisServer) -> None:
    """Exit code 2 at the start: an epoch with a decision that is too large would be played again for ever."""
    made(url, name, 6, max_message_bytes="2000")
    code, _, said = Command((*RUN, "--stream", url, "--store", store.url)).ended()
    assert code == USAGE
    assert f"{name} takes messages of up to 2,000 bytes" in said
    assert len(said.splitlines()) == 1


def test_messages_that_are_not_ours_are_passed_over_and_those_of_ours_have_an_end(
    url: str, store: RedisServer, world_model: Path
) -> None:
    """Without headers, of another run or version: counted. Without key or value, or due later than now: an end each."""
    run = StreamRun(url, store.url, world_model)
    servers, prefix = url.removeprefix("kafka://").split("/")
    raw, now_ns = transactions(1_000), wall_ns()
    own = run.run.encode()
    strange: list[Sent] = [
        (b"k", raw[-1], []),
        (None, None, []),
        (b"k", raw[-2], offered(b"another", 0, now_ns)),
        (b"k", raw[-3], [("v", b"2"), *offered(own, 900, now_ns)[1:]]),
        (b"k", raw[-4], [("v", VERSION), ("run", own), ("n", b"first"), ("due", b"now")]),
    ]
    ours: list[Sent] = [
        (None, raw[900], offered(own, 900, now_ns)),
        (b"k", None, offered(own, 901, now_ns)),
        (b"k", b"", offered(own, 902, now_ns)),
        (b"k", raw[903], offered(own, 903, now_ns + LATER_NS)),
    ]

    def ends(status: Status) -> tuple[int, int]:
        return status.ends.foreign, status.ends.early

    async def law() -> None:
        async with run.going_on():
            try:
                run.worker()
                await run.until(lambda: run.of(Status))
                producer = Producer({"bootstrap.servers": servers})
                for key, value, headers in (*strange, *ours):
                    producer.produce(f"{prefix}.transactions", value, key, headers=headers)
                assert producer.flush(PATIENCE_S) == 0
                await run.offer(100, decided=False)
                await run.until(lambda: len(run.ended) == 100 + len(ours))
                await run.until(lambda: ends(run.of(Status)[-1]) == (len(strange), 1))
            finally:
                for process in run.workers:
                    process.kill()
                    process.communicate()

    asyncio.run(law())
    kinds = [run.ended[number].kind for number in range(900, 904)]
    assert kinds == ["decision", "dead_letter", "dead_letter", "decision"]
    assert run.twice == 0
    assert run.ended[903].done_ns < run.ended[903].due_ns
    models = {msgspec.json.decode(each.value)["model"] for each in run.ended.values() if each.kind == "decision"}
    assert [run.announce.model.startswith(model) for model in models] == [True]


def test_a_transaction_that_is_not_there_any_more_ends_the_worker_with_a_line(
    url: str, store: RedisServer, world_model: Path
) -> None:
    """Retention took it before it was decided: exit code 66 and the topic's name, and never a beginning elsewhere."""
    run = StreamRun(url, store.url, world_model)
    servers, prefix = url.removeprefix("kafka://").split("/")

    async def law() -> tuple[int, str]:
        async with run.going_on():
            await run.offer(300, decided=False)
            admin = AdminClient({"bootstrap.servers": servers})
            taken = [TopicPartition(f"{prefix}.transactions", partition, -1) for partition in range(6)]
            await run.until(lambda: _deleted(admin, taken) >= 300)
            return await _ended(run)

    code, said = asyncio.run(law())
    assert code == GONE, said
    assert f"{prefix}.transactions: the next transaction is not there any more" in said
    assert run.ended == {}


def test_what_is_not_there_any_more_is_not_counted_again(url: str, world_model: Path, tmp_path: Path) -> None:
    """Retention took what was decided, and the store came back empty: the worker counts what is left, and goes on."""
    store = RedisServer(tmp_path)
    run = StreamRun(url, store.url, world_model)
    servers, prefix = url.removeprefix("kafka://").split("/")

    async def law() -> tuple[int, str]:
        async with run.going_on():
            worker = run.worker("--slot", "w0")
            try:
                await run.offer(600)
                admin = AdminClient({"bootstrap.servers": servers})
                assert _deleted(admin, [TopicPartition(f"{prefix}.transactions", each, 50) for each in range(6)]) == 300
                store.kill()
                store.start()
                await run.offer(300)
                worker.terminate()
                said, _ = await asyncio.to_thread(worker.communicate, timeout=PATIENCE_S)
            finally:
                worker.kill()
                worker.wait()
            return worker.returncode, said

    try:
        code, said = asyncio.run(law())
    finally:
        store.kill()
    assert code == PASS, said
    assert run.twice == 0


def test_a_group_that_is_beyond_the_end_of_the_topic_ends_the_worker_with_a_line(
    url: str, store: RedisServer, world_model: Path
) -> None:
    """The topic was made anew, or has lost its end: exit code 66, where both are, and never a beginning elsewhere."""
    run = StreamRun(url, store.url, world_model)
    stream = parse_stream(url)

    async def law() -> tuple[int, str]:
        async with run.going_on():
            await run.offer(300, decided=False)
            group = Consumer({"bootstrap.servers": stream.servers, "group.id": stream.group_of(run.run)})
            beyond = [TopicPartition(stream.topics.transactions, partition, 9_000) for partition in range(6)]
            group.commit(offsets=beyond, asynchronous=False)
            group.close()
            return await _ended(run)

    code, said = asyncio.run(law())
    assert code == GONE, said
    assert f"{stream.topics.transactions}: the run has decided partition" in said
    assert "up to 9,000, and it ends at" in said
    assert run.ended == {}


async def _ended(run: StreamRun) -> tuple[int, str]:
    """Start a worker, and return its exit code and what it said once it has ended by itself."""
    worker = run.worker()
    try:
        said, _ = await asyncio.to_thread(worker.communicate, timeout=PATIENCE_S)
    finally:
        worker.kill()
    return worker.returncode, said


def _deleted(admin: AdminClient, places: list[TopicPartition]) -> int:
    """Delete all that lies at ``places``; return how many messages were ever there."""
    return sum(answer.result().low_watermark for answer in admin.delete_records(places).values())
