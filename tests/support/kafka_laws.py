"""Laws of ports that are run on a stream: a topic with one partition for each, and the ends of a pipeline there."""

import itertools
import os
from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
import pytest

from actors.adapters.kafka.address import StreamAddress, parse_stream
from actors.adapters.kafka.ends import StreamEnds
from actors.adapters.kafka.epoch_client import EpochClient
from actors.adapters.kafka.messages import Ended, read_ended
from actors.adapters.kafka.plain import CommittedReader, TransactionSender
from actors.adapters.kafka.topics import StreamTopics
from actors.adapters.streams import Delivery
from actors.contracts.contract import PortContract
from actors.core.arrays import I64
from actors.core.batches import DeadLetter, DecidedBatch
from actors.core.clock import NS_PER_S, RealClock
from actors.output.decision_record import DecisionLines
from actors.source import Arrivals

T = TypeVar("T")

RUN = "law"
EPOCH_ROWS = 1_000
EARLIER_NS = 1_000 * NS_PER_S  # the run began so long ago that nothing of it is due in the future
_numbers = itertools.count()


class OneStream:
    """A stream of one partition, on which a worker has begun; made on the event loop.

    Args:
        address: its topics are made, and nobody else's.
        delivery: how the worker commits.
    """

    def __init__(self, address: StreamAddress, delivery: Delivery) -> None:
        self._topics = StreamTopics(address)
        self._topics.ensure(partitions=1)
        starts = self._topics.claim(RUN)
        names = address.topics.decisions, address.topics.dead_letters
        self._reader = CommittedReader(address, self._topics.ends(*names))
        self._sender = TransactionSender(address, RUN)
        self._sent = self._taken = 0
        self._clock = RealClock()
        client = EpochClient(address, address.group_of(RUN), RUN, "w", None, delivery, EPOCH_ROWS)
        self.ends = StreamEnds(client, starts, DecisionLines(lambda _: "", "off"), self._clock)

    async def start(self) -> None:
        """Have the worker join."""
        await self.ends.start()
        self.ends.begin(self._clock.now_ns() - EARLIER_NS)

    async def offer(self, raws: Sequence[bytes], due_ns: I64 | None = None) -> None:
        """Send ``raws``, which were due at ``due_ns`` since the run began."""
        numbers = np.arange(self._sent, self._sent + len(raws))
        self._sent += len(raws)
        due = np.zeros(len(raws), dtype=np.int64) if due_ns is None else due_ns
        await self._sender.send([b"card"] * len(raws), raws, numbers, due + self.ends._begun_wall_ns)

    async def take(self) -> Arrivals | None:
        """Return what the worker is handed out."""
        arrivals = await self.ends.take()
        self._taken += 0 if arrivals is None else len(arrivals.raws)
        return arrivals

    async def taken(self, count: int) -> None:
        """Return once the worker was handed out ``count`` in all."""
        while self._taken < count:
            assert await self.take() is not None

    def end(self, upto: int) -> None:
        """Let all numbers below ``upto`` that have not ended be duplicates."""
        self.ends.on_duplicates(np.arange(upto))

    async def committed(self) -> list[Ended]:
        """Return what a reader of committed messages sees of the decisions and dead letters of all that was sent.

        Whatever has not ended is a duplicate now.
        """
        await self.taken(self._sent)
        self.end(self._sent)
        seen: list[Ended] = []
        while len(seen) < self._sent:
            read = [read_ended(record, RUN.encode()) for record in await self._reader.read()]
            assert None not in read
            seen += [each for each in read if each is not None]
        return [each for each in seen if each.kind != "duplicate"]

    def at_ns(self, ended: Ended) -> int:
        """Return when it ended, on the worker's clock."""
        return ended.done_ns - self.ends._wall_less_clock_ns

    @property
    def done(self) -> bool:
        """Whether all that was sent was handed out."""
        return self._taken == self._sent

    async def close(self) -> None:
        """Let everything go, so that the next law's worker has the processors."""
        self.end(self._sent)
        await self.ends.close()
        await self._reader.close()
        self._sender.close()
        self._clock.close()


class HandedOut:
    """The source of a worker whose rows end as soon as it asks for more, as they do in a pipeline.

    Args:
        stream: where it takes from.
        ending: whether it ends behind what was sent.
    """

    def __init__(self, stream: OneStream, *, ending: bool) -> None:
        self._stream = stream
        self._ending = ending

    async def take(self) -> Arrivals | None:
        self._stream.end(self._stream._taken)
        if self._ending and self._stream.done:
            self._stream.ends.finish()
        return await self._stream.take()

    def due_count(self, elapsed_ns: int) -> int | None:
        return self._stream.ends.due_count(elapsed_ns)


class Delivered:
    """The sink of a worker; what is delivered was handed out before, as in a pipeline."""

    def __init__(self, stream: OneStream) -> None:
        self.stream = stream

    async def deliver(self, decided: DecidedBatch) -> None:
        await self.stream.ends.deliver(decided)


class SetAside:
    """The dead letters of a worker; what is set aside was handed out before, as in a pipeline."""

    def __init__(self, stream: OneStream) -> None:
        self.stream = stream

    async def put(self, letters: Sequence[DeadLetter]) -> None:
        await self.stream.ends.put(letters)


class OnStream(PortContract):
    """Makes streams for the laws of a port, and closes them after each law."""

    delivery: ClassVar[Delivery] = "exactly_once"

    @pytest.fixture(autouse=True)
    def at(self, kafka_address: str) -> None:
        """Take the broker that all tests share."""
        self.broker = kafka_address
        self.streams: list[OneStream] = []

    def run(self, law: Coroutine[Any, Any, T]) -> T:
        """Run ``law`` and close what it made."""

        async def closing() -> T:
            try:
                return await law
            finally:
                for stream in self.streams:
                    await stream.close()

        return super().run(closing())

    async def begun(self) -> OneStream:
        """Return a stream of its own, on which a worker has begun."""
        address = parse_stream(f"kafka://{self.broker}/laws-{os.getpid()}-{next(_numbers)}")
        self.streams.append(OneStream(address, self.delivery))
        await self.streams[-1].start()
        return self.streams[-1]
