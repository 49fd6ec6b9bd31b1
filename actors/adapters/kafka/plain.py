"""Plain production and consumption, for whoever is no worker: a run offers transactions and reads what was committed.

Every call blocks, so each of these has a thread of its own.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from actors.adapters.kafka.address import StreamAddress
from actors.adapters.kafka.messages import Record, offered, record_of
from actors.adapters.kafka.partition_reader import WAIT_S, Offsets, PartitionReader, passed_over
from actors.adapters.kafka.thread import ClientThread
from actors.core.arrays import I64

FETCHED: Final = 2_000
WAITING: Final = 100_000  # messages that librdkafka may hold: at 20,000/s five seconds without a broker


class TransactionSender:
    """Sends the transactions of one run, idempotently; must be made on the event loop.

    Args:
        stream: where they go.
        run: its id.

    Attributes:
        refused: how many they never will have.
        refusal: why not, the first time.
        on_refused: told on the event loop of each of them: its number, why, and what it was.
        on_taken: told on the event loop how many the brokers have taken since it was told last, by partition.
    """

    def __init__(self, stream: StreamAddress, run: str) -> None:
        self._topic = stream.topics.transactions
        self._run = run.encode()
        self._producer = Producer(
            stream.client(linger_ms=1, compression_type="lz4")
            | {"enable.idempotence": True, "queue.buffering.max.messages": WAITING, "error_cb": passed_over}
            | {"message.timeout.ms": 0, "reconnect.backoff.max.ms": 500}  # without brokers it waits, and drops nothing
        )
        self._thread = ClientThread("transactions")
        self._loop = asyncio.get_running_loop()
        self.refused = 0
        self.refusal = ""
        self.on_refused: Callable[[int, str, bytes], object] = lambda *_: None
        self.on_taken: Callable[[Mapping[int, int]], object] = lambda _: None
        self._taken: Counter[int] = Counter()

    async def send(self, keys: Sequence[bytes | None], raws: Sequence[bytes], numbers: I64, due_wall_ns: I64) -> None:
        """Send transactions behind all that were sent before; returns once librdkafka has taken them.

        It waits as long as librdkafka has no room, because no broker answers.

        Args:
            keys: the cards' tokens.
            raws: one JSON document each.
            numbers: in the order in which the run offered them, int64 (n,).
            due_wall_ns: when each was meant to arrive, int64 (n,).
        """
        at = 0
        while at < len(raws):
            part = slice(at, None)
            at += await self._thread.call(
                self._put, keys[part], raws[part], numbers[part].tolist(), due_wall_ns[part].tolist()
            )

    def _put(self, keys: Sequence[bytes | None], raws: Sequence[bytes], numbers: list[int], due_ns: list[int]) -> int:
        """Return how many were taken."""
        for at, (key, raw, number, due) in enumerate(zip(keys, raws, numbers, due_ns, strict=True)):
            try:
                headers, delivered = offered(self._run, number, due), partial(self._delivered, number, raw)
                self._producer.produce(self._topic, raw, key, headers=headers, on_delivery=delivered)
            except BufferError:
                self._producer.poll(WAIT_S)
                return at
            except KafkaException as error:  # too large for the brokers
                self._refuse(number, raw, error.args[0])
        self._hear()
        return len(raws)

    @property
    def unacknowledged(self) -> int:
        """How many were taken from whoever sends, and by no broker yet."""
        return len(self._producer)

    async def hear(self) -> None:
        """Hear what brokers have said of what was sent; while nothing is sent, nothing is heard by itself."""
        await self._thread.call(self._hear)

    def _hear(self) -> None:
        self._producer.poll(0)
        if self._taken:
            taken, self._taken = self._taken, Counter()
            self._tell(self.on_taken, taken)

    def close(self) -> None:
        """Send nothing more."""
        self._thread.close()

    def _delivered(self, number: int, raw: bytes, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._refuse(number, raw, error)
        elif (partition := message.partition()) is not None:
            self._taken[partition] += 1

    def _refuse(self, number: int, raw: bytes, error: KafkaError) -> None:
        self.refused += 1
        why = f"{len(raw):,} bytes, which the brokers do not take: {error.str()}"
        self.refusal = self.refusal or why
        self._tell(self.on_refused, number, why, raw)

    def _tell(self, tell: Callable[..., object], *what: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
            self._loop.call_soon_threadsafe(tell, *what)


class CommittedReader:
    """Reads messages that were committed, of given topics from given offsets on; must be made on the event loop.

    Args:
        stream: where they are.
        starts: offset of each topic's partitions at which to begin.
    """

    def __init__(self, stream: StreamAddress, starts: Mapping[tuple[str, int], int]) -> None:
        settings = stream.client(group_id=f"{stream.prefix}-reader", isolation_level="read_committed")
        self._reader = PartitionReader("what was committed", settings | {"auto.offset.reset": "error"}, starts)
        self._thread = ClientThread("committed")

    @property
    def reached(self) -> Offsets:
        """By topic and partition the offset below which everything was given out, or is no message."""
        return self._reader.reached

    async def read(self) -> list[Record]:
        """Return what was committed since the last call, in order within each partition; waits a moment for it.

        While no broker answers there is nothing. What a call has read that is cancelled is lost: whoever ends, ends.

        Raises:
            WorkerFencedError: what comes next is not there any more, or may not be read.
        """
        return await self._thread.call(self._read)

    def _read(self) -> list[Record]:
        return [record_of(message) for message in self._reader.read(FETCHED)]

    async def close(self) -> None:
        """Read nothing more."""
        await self._thread.call(self._reader.close)
        self._thread.close()
