"""The ends of a worker on Kafka keep the laws of the ports, however they commit: source, sink and dead letters."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

import msgspec

from actors.adapters.kafka.messages import LetterDocument
from actors.adapters.streams import Delivery
from actors.contracts.contract import transaction
from actors.contracts.dead_letters import DeadLettersContract
from actors.contracts.decision_sink import DecisionSinkContract, Told
from actors.contracts.source import SourceContract
from actors.core.arrays import I64
from actors.core.batches import DeadLetter, Decision
from actors.output.dead_letters import DeadLetterSink
from actors.output.sinks import DecisionSink
from actors.source import Source
from tests.support.kafka_laws import Delivered, HandedOut, OneStream, OnStream, SetAside

COUNT = 1_000  # more than any law decides or sets aside
DECISIONS = {decision.label: decision for decision in Decision}


class TestSource(OnStream, SourceContract):
    """What is handed out of a topic; when a transaction is due is known only once it is there."""

    scheduled: ClassVar[bool] = False

    async def holding(self, raws: list[bytes], due_ns: I64 | None) -> Source:
        stream = await self.begun()
        await stream.offer(raws, due_ns)
        return HandedOut(stream, ending=True)

    async def waiting(self) -> tuple[Source, Callable[[bytes], Awaitable[None]]]:
        stream = await self.begun()
        return HandedOut(stream, ending=False), lambda raw: stream.offer([raw])


class OfRows(OnStream):
    """Makes streams whose rows were all handed out."""

    async def handed_out(self) -> OneStream:
        stream = await self.begun()
        await stream.offer([transaction(number) for number in range(COUNT)])
        await stream.taken(COUNT)
        return stream


class TestSink(OfRows, DecisionSinkContract):
    """What a reader of committed messages sees of decisions."""

    async def empty(self) -> DecisionSink:
        return Delivered(await self.handed_out())

    async def told(self, sink: DecisionSink) -> Told:
        assert isinstance(sink, Delivered)
        lines = [msgspec.json.decode(ended.value) for ended in await sink.stream.committed()]
        return [(line["id"], DECISIONS[line["decision"]]) for line in lines]


class TestDeadLetters(OfRows, DeadLettersContract):
    """What a reader of committed messages sees of dead letters."""

    async def empty(self) -> DeadLetterSink:
        return SetAside(await self.handed_out())

    async def kept(self, sink: DeadLetterSink) -> list[DeadLetter]:
        assert isinstance(sink, SetAside)
        kept = []
        for ended in await sink.stream.committed():
            said = msgspec.json.decode(ended.value, type=LetterDocument)
            at_ns = sink.stream.at_ns(ended)
            kept.append(DeadLetter(ended.number, said.reason, said.detail, said.raw.encode(), at_ns))
        return kept


class TestSinkAtLeastOnce(TestSink):
    """The same where offsets follow decisions."""

    delivery: ClassVar[Delivery] = "at_least_once"


class TestDeadLettersAtLeastOnce(TestDeadLetters):
    """The same where offsets follow dead letters."""

    delivery: ClassVar[Delivery] = "at_least_once"
