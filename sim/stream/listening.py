"""A run on a topic that others write: it takes note of what lies there, and sends nothing."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import numpy as np

from actors.adapters.kafka.client import StillWaitingError, WorkerFencedError
from actors.adapters.kafka.messages import Record
from actors.adapters.kafka.partition_reader import Offsets
from actors.adapters.kafka.readings import MappedMessages, Taken, number_at, place_of
from actors.core.arrays import I64
from actors.telemetry.snapshot import ActorGauge, MailboxGauge
from sim.replay.messages import lacking, names_in
from sim.scenario.events import EventColumns

FIRST: Final = 100  # messages that are looked at: what is wrong with all of them is wrong with the map
NAMES_SHOWN: Final = 12
MOST_NUMBERS: Final = 1 << 28  # of a run: the ledger keeps a byte for each, also for what was removed from the topic
TURN_S: Final = 0.05
NAME: Final = "listener"


class TopicReader(Protocol):
    """Reads what was committed to some topics."""

    @property
    def reached(self) -> Offsets:
        """By topic and partition the offset below which everything was given out."""
        ...

    async def read(self) -> list[Record]:
        """Return what has come since the last call; waits a moment for it."""
        ...


class Found(Protocol):
    """Takes note of the messages of a run on a topic that others write."""

    @property
    def ahead_count(self) -> int:
        """How many have come to an end and were not found yet."""
        ...

    def found(self, numbers: I64, partitions: I64) -> None:
        """Take that the messages ``numbers`` are there, and in which partition each lies."""
        ...

    def end_at(self, beyond: Callable[[int], bool]) -> None:
        """Take that messages of whose number ``beyond`` is true do not belong to the run."""
        ...


class History(Protocol):
    """What batch features are computed from."""

    def take(self, records: Sequence[Record], *, labels: bool = False) -> None:
        """Take in transactions in our own words, or labels."""
        ...

    async def go_on(self, ends: Callable[[], Awaitable[Offsets]], *, idle: bool) -> None:
        """Publish the table that is due, once all is taken in that it needs."""
        ...


class HasTime(Protocol):
    """What knows how far event time has come."""

    @property
    def now_us(self) -> int:
        """Return it, in microseconds since the Unix epoch."""
        ...


class Listener:
    """Takes note of each message of a topic, from where a run begins to where it ends; stands where a producer would.

    The run ends at the ends that the topic has at that instant: what lies before them is waited for, and what comes
    later is another run's.

    Args:
        reader: of the transactions' topic and that of labels.
        reading: of the former's messages, by the map.
        topic: of the transactions.
        starts: offset of each of its partitions at which the run begins.
        ends: asks the brokers for the offset behind the last message of each partition of both topics.
        found: the ledger.
        history: gets transactions and labels.
        first: looks at the first messages.
    """

    def __init__(
        self,
        reader: TopicReader,
        reading: MappedMessages,
        topic: str,
        starts: dict[int, int],
        ends: Callable[[], Awaitable[Offsets]],
        found: Found,
        history: History,
        first: "FirstMessages",
    ) -> None:
        self._reader = reader
        self._reading = reading
        self._topic = topic
        self._starts = starts
        self._ends = ends
        self._found = found
        self._history = history
        self._first = first
        self._until: dict[int, int] | None = None
        self._finishing = False

    def start_at(self, start_ns: int, wall_less_clock_ns: int) -> None:
        """Take that the run begins; messages have instants of their own."""

    def finish(self) -> None:
        """End at what is there now."""
        self._finishing = True

    stop = finish  # nothing is unsent that could be left out

    @property
    def held(self) -> int:
        """Return 0: what was read and not noted yet is in no book."""
        return 0

    def unsent(self) -> int:
        """Return 0: nothing is sent here."""
        return 0

    async def send(self) -> None:
        """Send nothing."""

    async def produce(self) -> None:
        """Take note of messages until all of them are found that belong to the run.

        Raises:
            WorkerFencedError: what comes next is not there any more, may not be read, or is farther from the begin of
                the run than a ledger reaches.
        """
        try:
            while not self._done():
                await self._step()
        finally:
            self._first.conclude()

    def _done(self) -> bool:
        reached = self._reader.reached
        return (
            self._until is not None
            and not self._found.ahead_count
            and all(reached[self._topic, partition] >= end for partition, end in self._until.items())
        )

    async def _step(self) -> None:
        if self._finishing and self._until is None:
            ends = await self._ends()
            self._until = {partition: end for (topic, partition), end in ends.items() if topic == self._topic}
            self._found.end_at(self._beyond)
        try:
            records = await self._reader.read()
        except StillWaitingError:
            await asyncio.sleep(TURN_S)
            return
        messages = [each for each in records if each.topic == self._topic]
        if messages:
            taken = await asyncio.to_thread(self._reading, messages)
            self._note(messages, [each for each in taken if each is not None])
        self._history.take([each for each in records if each.topic != self._topic], labels=True)
        await self._history.go_on(self._ends, idle=not records)

    def _note(self, messages: Sequence[Record], taken: Sequence[Taken]) -> None:
        numbers = [number_at(each.partition, each.offset, self._starts) for each in messages]
        if (furthest := max(numbers)) >= MOST_NUMBERS:
            partition, offset = place_of(furthest, self._starts)
            text = f"{self._topic}: partition {partition} goes on at offset {offset:,}, and the run began at"
            remedy = "begin where the topic ends (pipeline.source.from: now)"
            raise WorkerFencedError(f"{text} {self._starts[partition]:,}, which is too far for one ledger; {remedy}")
        partitions = np.array([each.partition for each in messages], dtype=np.int64)
        self._found.found(np.array(numbers, dtype=np.int64), partitions)
        self._first.look(messages, taken)
        self._history.take([message._replace(value=row.raw) for message, row in zip(messages, taken, strict=True)])

    def _beyond(self, number: int) -> bool:
        partition, offset = place_of(number, self._starts)
        return self._until is not None and offset >= self._until.get(partition, 0)

    def box(self) -> MailboxGauge:
        """Return an empty mailbox: nothing waits here."""
        return MailboxGauge(NAME, 0, 1, 0, 0.0)

    def gauge(self) -> ActorGauge:
        """Return what the listener does."""
        return ActorGauge(NAME, "running", 0)


class TopicTime:
    """Event time as the last messages of a topic say it.

    Args:
        history: that they are in.
    """

    def __init__(self, history: HasTime) -> None:
        self._history = history

    def now_us(self) -> int:
        """Return how far event time has come."""
        return self._history.now_us

    def begin(self, start_ns: int) -> None:
        """Take that the run begins; messages have instants of their own."""


class NoRefresher:
    """Refreshes nothing by itself: whoever reads the topic does, as event time goes on."""

    async def run(self) -> None:
        """Return at once."""


class FirstMessages:
    """Says in one line what is wrong with a map, where that shows in the first messages.

    Args:
        columns: the map.
        topic: that it is for.
        tell: told the line.
    """

    def __init__(self, columns: EventColumns, topic: str, tell: Callable[[str], object]) -> None:
        self._columns = columns
        self._topic = topic
        self._tell = tell
        self._seen = 0
        self._refused: Counter[str] = Counter()
        self._names: dict[str, None] = {}
        self._told = False

    def look(self, messages: Sequence[Record], taken: Sequence[Taken]) -> None:
        """Look at those of ``messages`` that are among the first, and say what is wrong with all of them."""
        for message, row in zip(messages, taken, strict=True):
            if self._seen >= FIRST:
                break
            self._seen += 1
            self._names |= names_in(message.value)
            if row.refused is not None:
                self._refused[row.refused.why.detail] += 1
        if self._seen >= FIRST:
            self.conclude()

    def conclude(self) -> None:
        """Say what is to be said of the messages that have come, once."""
        if self._told or not self._seen:
            return
        self._told = True
        missing = lacking(self._columns, list(self._names))
        if self._refused.total() == self._seen:
            ((why, count),) = self._refused.most_common(1)
            text = f"each of the first {self._seen:,} messages of {self._topic} is a dead letter, {count:,} with: {why}"
            self._tell(f"{text}; {self._there()}")
        elif missing:
            more = f", and {len(missing) - 1} more names" if len(missing) > 1 else ""
            self._tell(f"{self._topic}: of the first {self._seen:,}, {missing[0]}{more}; {self._there()}")

    def _there(self) -> str:
        names = list(self._names)
        if not names:
            return "none of them is a JSON object"
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        return f"they have {', '.join(names[:NAMES_SHOWN])}{more}"
