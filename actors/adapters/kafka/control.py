"""The control topic: documents in and out, in a thread of its own, from the end of the topic on."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from actors.adapters.kafka.address import StreamAddress
from actors.adapters.kafka.client import WorkerFencedError
from actors.adapters.kafka.lasting_client import LastingClient, nothing_unread
from actors.adapters.kafka.partition_reader import PartitionReader, passed_over
from actors.adapters.kafka.thread import ClientHangsError, ClientThread
from actors.core.cancellation import failure_of
from actors.core.errors import MachineError

MOST_WAITING: Final = 256  # two minutes of one process's messages: while the brokers are gone the oldest are dropped
MOST_UNREAD: Final = 4_096
TAKEN: Final = 256
OPEN_S: Final = 4.0  # less than a call of the thread may take
FLUSH_S: Final = 2.0
RETRY_S: Final = 0.25

log = logging.getLogger(__name__)


class KafkaControl:
    """One process's end of a control topic, which has one partition.

    It reads what was sent after it was opened, its own documents too. While the brokers are gone it waits: what is sent
    then is kept, a bounded number, the oldest dropped first.

    Args:
        thread: in which the clients are used.
        clients: made by `open`.
    """

    def __init__(self, thread: ClientThread, clients: "_Clients") -> None:
        self._thread = thread
        self._clients = clients
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._unread: asyncio.Queue[bytes | BaseException] = asyncio.Queue()
        self._closing = False
        self._pump = asyncio.create_task(self._run(), name="control topic")
        self._pump.add_done_callback(self._ended)

    @staticmethod
    async def open(address: StreamAddress) -> "KafkaControl":
        """Return an end of the stream's control topic.

        Raises:
            MachineError: the brokers do not answer, or have no such topic.
        """
        thread = ClientThread("kafka control")
        try:
            return KafkaControl(thread, await thread.call(_Clients, address))
        except (ClientHangsError, MachineError) as error:
            thread.close()
            if isinstance(error, MachineError):
                raise
            raise MachineError(f"{address.url}: does not answer; see that the broker runs") from error

    async def receive(self) -> bytes:
        """Return the next document, waiting for it.

        Raises:
            Exception: what has ended the exchange with the brokers; none comes any more.
        """
        document = await self._unread.get()
        if isinstance(document, BaseException):
            raise document
        return document

    def _ended(self, pump: asyncio.Task[None]) -> None:
        if (error := failure_of(pump)) is not None:  # a bug of ours, which must not go unseen
            self._unread.put_nowait(error)

    def send(self, document: bytes) -> None:
        """Have ``document`` sent in a moment, behind those before it; never waits, never raises."""
        self._waiting.append(document)

    async def close(self) -> None:
        """Send what waits, unless that takes more than a moment, and let the topic go."""
        self._closing = True
        await asyncio.gather(self._pump, return_exceptions=True)
        with contextlib.suppress(ClientHangsError):
            await self._thread.call(self._clients.close)
        self._thread.close()

    async def _run(self) -> None:
        """Hand over in turns what is to be sent and what was received."""
        while True:
            sending = [self._waiting.popleft() for _ in range(len(self._waiting))]
            closing = self._closing
            try:
                received = await self._thread.call(self._clients.turn, sending)
            except ClientHangsError:
                log.warning("the control topic does not answer; it is asked again")
                await asyncio.sleep(RETRY_S)
                continue
            for document in received:
                if self._unread.qsize() >= MOST_UNREAD:
                    self._unread.get_nowait()
                self._unread.put_nowait(document)
            if closing:
                return


class _Clients:
    """Consumer and producer of a control topic; used in one thread, all of their calls end in time."""

    def __init__(self, address: StreamAddress) -> None:
        self._topic = topic = address.topics.control
        settings = address.client(socket_timeout_ms=3_000, reconnect_backoff_max_ms=500)
        reading: dict[str, Any] = {**settings, "group.id": topic, "allow.auto.create.topics": False}
        reading |= {"auto.offset.reset": "latest", "enable.auto.commit": False}
        start = self._end(address, reading)
        self._reader = PartitionReader("the control topic", reading, {(topic, 0): start})
        self._writing: dict[str, Any] = {**settings, "linger.ms": 2, "compression.type": "lz4"}
        self._writing |= {"message.timeout.ms": 30_000, "error_cb": passed_over}
        self._writer = LastingClient(
            "sending on the control topic", self._producer, lambda each: nothing_unread(each, topic), _flush
        )

    def _end(self, address: StreamAddress, reading: dict[str, Any]) -> int:
        """Return the offset behind the last document.

        Raises:
            MachineError: the brokers do not say.
        """
        consumer = Consumer(reading)
        until = time.monotonic() + OPEN_S
        try:
            while True:
                try:
                    end: int = consumer.get_watermark_offsets(TopicPartition(self._topic, 0), timeout=OPEN_S)[1]
                except KafkaException as error:
                    if time.monotonic() > until:  # not before: a topic that was just made has no leader yet
                        text = f"{address.url}: the control topic cannot be read: {error.args[0].str()}"
                        raise MachineError(f"{text}; see that the broker runs") from error
                    time.sleep(RETRY_S)
                else:
                    return end
        finally:
            consumer.close()

    def _producer(self) -> Producer:
        return Producer(self._writing)

    def turn(self, sending: list[bytes]) -> list[bytes]:
        """Send, and return what has come."""
        producer = self._writer.current
        for document in sending:
            with contextlib.suppress(BufferError):  # the brokers are long gone; what is older expires
                producer.produce(self._topic, document, partition=0, on_delivery=self._delivered)
        producer.poll(0)
        if len(producer):
            self._writer.look()
        try:
            found = self._reader.read(TAKEN)
        except WorkerFencedError:  # what was there is repeated, or missed
            return []
        return [message.value() or b"" for message in found]

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is None:
            self._writer.heard()

    def close(self) -> None:
        """Send what is left, if the brokers take it."""
        _flush(self._writer.current)
        self._reader.close()


def _flush(producer: Producer) -> None:
    producer.flush(FLUSH_S)
