"""Clients that are told of no broker: they find one again as soon as there is one, or are replaced by one that does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator

import numpy as np
import pytest
from confluent_kafka import Producer, TopicPartition

from actors.adapters.kafka import lasting_client
from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.control import KafkaControl
from actors.adapters.kafka.lasting_client import LastingClient
from actors.adapters.kafka.partition_reader import PartitionReader
from actors.adapters.kafka.plain import CommittedReader, TransactionSender
from actors.adapters.kafka.topics import StreamTopics
from tests.support.shut_out_broker import ShutOutBroker

WITHIN_S = 60.0
STRATEGY = "metadata.recovery.strategy"


@pytest.fixture
def broker() -> Iterator[ShutOutBroker]:
    broker = ShutOutBroker()
    yield broker
    broker.close()


def produced(broker: ShutOutBroker, topic: str, *values: bytes) -> None:
    """Have ``values`` in the first partition of ``topic``."""
    producer = Producer({"bootstrap.servers": parse_stream(broker.stream).servers, "log_level": 0})
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(WITHIN_S) == 0


def test_a_reader_whose_client_looks_for_no_broker_again_goes_on_where_it_was(
    broker: ShutOutBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A deaf client is replaced at its position, which is told once: nothing is read twice, nothing is left out."""
    monkeypatch.setattr(lasting_client, "ASKED_EVERY_S", 0.1)
    topic = "t"
    produced(broker, topic, b"before")
    settings = parse_stream(broker.stream).client(group_id="reader") | {STRATEGY: "none", "auto.offset.reset": "error"}
    reader = PartitionReader("a test", settings, {(topic, 0): 0}, deaf_s=0.5)
    read: list[bytes | None] = []

    def until(holds: Callable[[], bool]) -> None:
        for _ in range(round(WITHIN_S / 0.05)):
            if holds():
                return
            read.extend(message.value() for message in reader.read(10))
        pytest.fail(f"read {read}")

    until(lambda: read == [b"before"])
    broker.shut_out = True
    assert not reader._client.current.list_topics(topic, WITHIN_S).brokers
    broker.shut_out = False
    produced(broker, topic, b"after", b"last")
    until(lambda: len(read) >= 3)
    assert read == [b"before", b"after", b"last"]
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "Kafka answers, and the client for a test did not hear it: it was made anew"
    ]
    reader.close()


def test_what_a_client_brings_again_is_given_out_once(broker: ShutOutBroker) -> None:
    """A reader knows how far it is, whatever its client begins anew."""
    topic = "t"
    produced(broker, topic, b"before")
    settings = parse_stream(broker.stream).client(group_id="reader") | {"auto.offset.reset": "error"}
    reader = PartitionReader("a test", settings, {(topic, 0): 0})
    read: list[bytes | None] = []
    for count in (1, 2):
        for _ in range(round(WITHIN_S / 0.05)):
            read.extend(message.value() for message in reader.read(10))
            if len(read) >= count:
                break
        if count == 1:
            reader._client.current.seek(TopicPartition(topic, 0, 0))
            produced(broker, topic, b"after")
    assert read == [b"before", b"after"]
    reader.close()


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return once ``holds`` does."""
    async with asyncio.timeout(WITHIN_S):
        while not await holds():  # which waits a moment itself
            pass


def test_no_client_of_a_run_stays_deaf_once_it_was_told_of_no_broker(broker: ShutOutBroker) -> None:
    """Sender, reader, control topic and whoever asks whether Kafka answers go on when there is a broker again."""
    stream = parse_stream(broker.stream)
    produced(broker, stream.topics.control, b"old")
    produced(broker, stream.topics.decisions, b"first")

    async def scenario() -> None:
        topics, sender = StreamTopics(stream), TransactionSender(stream, "run")
        reader = CommittedReader(stream, {(stream.topics.decisions, 0): 0})
        control = await KafkaControl.open(stream)

        async def send(number: int) -> None:
            await sender.send([b"card"], [b"{}"], np.array([number]), np.array([0]))

        async def acknowledged() -> bool:
            await asyncio.sleep(0.02)
            await sender.hear()
            return not sender.unacknowledged

        async def reads(value: bytes) -> bool:
            return any(record.value == value for record in await reader.read())

        async def answers() -> bool:
            return await asyncio.to_thread(topics.answers)

        await send(0)
        control.send(b"one")
        await eventually(acknowledged)
        await eventually(lambda: reads(b"first"))
        assert await control.receive() == b"one"
        assert await answers()

        broker.shut_out = True
        for client in (sender._producer, reader._reader._client.current, topics._admin):
            assert not client.list_topics(stream.topics.control, WITHIN_S).brokers
        for lasting in (control._clients._reader._client, control._clients._writer):
            assert not lasting.current.list_topics(stream.topics.control, WITHIN_S).brokers
        assert not await answers()
        await send(1)
        control.send(b"two")

        broker.shut_out = False
        produced(broker, stream.topics.decisions, b"second")
        await eventually(answers)
        await eventually(acknowledged)
        await eventually(lambda: reads(b"second"))
        async with asyncio.timeout(WITHIN_S):
            assert await control.receive() == b"two"
        await control.close()
        await reader.close()
        sender.close()

    asyncio.run(scenario())


class Client:
    """A client whose brokers say of how much it has not brought."""

    def __init__(self, unread: list[int | None]) -> None:
        self._unread = unread

    def ask(self) -> int | None:
        return self._unread.pop(0)


def lasting(*clients: Client) -> LastingClient[Client]:
    """Return the first of ``clients``, which is deaf at once and is replaced by the next."""
    made = iter(clients)
    return LastingClient("a test", lambda: next(made), Client.ask, deaf_s=0.0)


def test_no_client_is_replaced_by_one_that_hears_nothing_either() -> None:
    """While no broker answers anybody the client stays that there was, which still knows what it was about."""
    client = lasting(old := Client([None, None]), Client([None]), Client([None]))
    assert not client.ask()
    assert not client.ask()
    assert client.current is old


def test_a_client_that_brings_everything_is_not_replaced() -> None:
    """Who has heard nothing because there is nothing stays."""
    client = lasting(old := Client([0, 0]))
    assert client.ask()
    assert client.ask()
    assert client.current is old


def test_a_client_that_brings_nothing_of_what_is_there_is_replaced() -> None:
    """A client whose brokers answer, and which does not read what they have, is as deaf as one without brokers."""
    client = lasting(Client([3]), new := Client([3, 0]))
    assert client.ask()
    assert client.current is new
