"""The topics of a stream, and what runs have claimed of them. Every call blocks.

A run's consumer group is called by the stream's prefix and the run's id. It is made by committing where the run begins,
so that a worker which finds no offset there knows that something was lost.
"""

import contextlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, TypeVar

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic

from actors.adapters.kafka.address import StreamAddress
from actors.adapters.kafka.client import CONSUMER
from actors.adapters.kafka.lasting_client import LastingClient, nothing_unread
from actors.core.errors import InputError, MachineError

CALL_S: Final = 10.0
SIZE: Final = "max.message.bytes"
LARGEST_BYTES: Final = 65_536  # a transaction has up to 16 KiB, of which a decision repeats the names, with escapes
T = TypeVar("T")

ASKED_EVERY_S: Final = 0.05
SETTLING: Final = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_LEADER_EPOCH,  # a topic of a moment ago, at a broker that has just started
)
EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]
PARTITIONS: Final = 6
CONTROL_KEPT_MS: Final = 3_600_000
SHOWN_LAG: Final = 3


class _UnlistedError(Exception):
    """The brokers do not list the topic of this name."""


class StreamTopics:
    """The topics of one stream.

    Args:
        stream: where it is.
    """

    def __init__(self, stream: StreamAddress) -> None:
        self._stream = stream
        settings = stream.client(socket_timeout_ms=round(CALL_S * 1_000))
        try:
            self._client = LastingClient(
                "questions about topics",
                lambda: AdminClient(settings),
                lambda each: nothing_unread(each, stream.topics.control),
            )
        except KafkaException as error:
            raise InputError(f"--stream-config: {error.args[0].str()}") from error

    @property
    def _admin(self) -> AdminClient:
        return self._client.current

    def ensure(self, partitions: int = PARTITIONS, *, mapped: bool = False) -> int:
        """Create those topics that are missing, and return how many partitions the transactions have.

        Args:
            partitions: of topics that are created.
            mapped: whether the transactions are other people's messages: their topic is never created, and may be as it
                is.

        Raises:
            MachineError: the brokers do not answer, or refuse.
            InputError: the topics are there, and do not fit together or do not take our messages; or one that is not
                ours is missing.
        """
        there, topics = self._partitions(), self._stream.topics
        if mapped and topics.transactions not in there:
            raise InputError(
                f"{self._stream.url}: has no topic {topics.transactions}, whose messages pipeline.source maps; name "
                "the topic that they are in with pipeline.source.topic"
            )
        count = there.get(topics.transactions) or there.get(topics.decisions) or partitions
        wanted = dict.fromkeys((topics.transactions, topics.decisions, topics.dead_letters, topics.labels), count)
        missing = [NewTopic(name, number, -1) for name, number in wanted.items() if name not in there]
        self._make([*missing, *self._missing_control(there)])
        for name in (topics.decisions, topics.dead_letters):
            if there.get(name, count) != count:
                raise InputError(
                    f"{self._stream.url}: {name} has {there[name]} partitions and {topics.transactions} has {count}: a "
                    "decision lies in the partition of its transaction; make them equal or choose another prefix"
                )
        ours = (topics.decisions, topics.dead_letters, *(() if mapped else (topics.transactions,)))
        self._check_sizes([name for name in ours if name in there])
        return count

    def ensure_control(self) -> None:
        """Create the topic on which runs announce themselves, if it is missing; the others are made by a run.

        Raises:
            MachineError: the brokers do not answer, or refuse.
            InputError: it is there, and has several partitions.
        """
        self._make(self._missing_control(self._partitions()))

    def _missing_control(self, there: Mapping[str, int]) -> list[NewTopic]:
        name = self._stream.topics.control
        if there.get(name, 1) != 1:
            raise InputError(
                f"{self._stream.url}: {name} has {there[name]} partitions and must have one, so that all hear all in "
                "one order; make it anew or choose another prefix"
            )
        return [] if name in there else [NewTopic(name, 1, -1, config={"retention.ms": str(CONTROL_KEPT_MS)})]

    def _make(self, missing: Sequence[NewTopic]) -> None:
        if missing:
            for name, made in self._admin.create_topics(list(missing), operation_timeout=CALL_S).items():
                self._made(name, made)

    def _check_sizes(self, names: Collection[str]) -> None:
        """Refuse topics that do not take messages as large as ours may be: an epoch with one would never be committed.

        A broker that does not tell has the last word when it is sent something.
        """
        asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
        answers = self._admin.describe_configs(asked, request_timeout=CALL_S) if asked else {}
        for resource, answer in answers.items():
            try:
                most = int(answer.result(CALL_S)[SIZE].value)
            except KafkaException:
                return
            if most < LARGEST_BYTES:
                raise InputError(
                    f"{self._stream.url}: {resource.name} takes messages of up to {most:,} bytes, and ours may have "
                    f"{LARGEST_BYTES:,}; set {SIZE} of that topic"
                )

    def _made(self, name: str, made: object) -> None:
        try:
            made.result(CALL_S)  # type: ignore[attr-defined]
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise MachineError(f"{self._stream.url}: {name} cannot be created: {error.args[0].str()}") from error

    def _partitions(self) -> dict[str, int]:
        try:
            topics = self._admin.list_topics(timeout=CALL_S).topics
        except KafkaException as error:
            raise MachineError(
                f"{self._stream.url}: no broker answers ({error.args[0].str()}); start one with `python -m sim up`, or "
                "see whether the address is right"
            ) from error
        return {name: len(topic.partitions) for name, topic in topics.items() if topic.error is None}

    def answers(self) -> bool:
        """Return whether a broker answers a question now."""
        return self._client.ask()

    def ends(self, *names: str) -> dict[tuple[str, int], int]:
        """Return the offset behind the last message of every partition of the topics ``names``."""
        return self._offsets(LATEST, names)

    def begins(self, *names: str) -> dict[tuple[str, int], int]:
        """Return the offset of the first message that is still there, of every partition of the topics ``names``."""
        return self._offsets(EARLIEST, names)

    def _offsets(self, which: OffsetSpec, names: Collection[str]) -> dict[tuple[str, int], int]:
        there = self._listed(names)
        asked = {TopicPartition(name, partition): which for name in names for partition in range(there[name])}

        def ask() -> dict[tuple[str, int], int]:
            answers = self._admin.list_offsets(
                asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=CALL_S
            )
            return {(at.topic, at.partition): answer.result(CALL_S).offset for at, answer in answers.items()}

        return self._patiently(ask)

    def _listed(self, names: Collection[str]) -> dict[str, int]:
        """Return the partitions of the topics ``names``, which are listed a moment after they were created.

        Raises:
            MachineError: they are not, or the brokers do not answer.
        """

        def ask() -> dict[str, int]:
            there = self._partitions()
            if missing := [name for name in names if name not in there]:
                raise _UnlistedError(missing[0])
            return there

        return self._patiently(ask)

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Return the answer to ``ask``, asked again while topics that were just created settle.

        Raises:
            MachineError: the brokers refuse, or go on settling.
        """
        until = time.monotonic() + CALL_S
        while True:
            try:
                return ask()
            except _UnlistedError as error:
                if time.monotonic() > until:
                    why = f"{self._stream.url}: has no topic {error}; has a run begun on this stream?"
                    raise MachineError(why) from error
            except KafkaException as error:
                what: KafkaError = error.args[0]
                if (not what.retriable() and what.code() not in SETTLING) or time.monotonic() > until:
                    raise MachineError(f"{self._stream.url}: Kafka refuses: {what.str()}") from error
            time.sleep(ASKED_EVERY_S)

    def claim(self, run: str, *, earliest: bool = False) -> dict[int, int]:
        """Let ``run`` begin behind everything that is there, and return the offset of each partition.

        Args:
            run: its id.
            earliest: let it begin with the first message that is there instead.
        """
        topic = self._stream.topics.transactions
        found = self.begins(topic) if earliest else self.ends(topic)
        starts = {partition: offset for (_, partition), offset in found.items()}
        consumer = Consumer(self._stream.client(group_id=self._stream.group_of(run)))
        offsets = [TopicPartition(topic, partition, offset) for partition, offset in starts.items()]
        try:
            self._patiently(lambda: consumer.commit(offsets=offsets, asynchronous=False))
        finally:
            consumer.close()
        return starts

    def lags(self) -> dict[str, int]:
        """Return by its id how many transactions each run that has a claim here has left undecided."""
        prefix = self._stream.group_of("")
        groups = self._admin.list_consumer_groups(request_timeout=CALL_S).result(CALL_S).valid
        ours = [group.group_id for group in groups if group.group_id.startswith(prefix)]
        return {group.removeprefix(prefix): self._lag(group) for group in ours}

    def lag(self, run: str, starts: Mapping[int, int]) -> int:
        """Return how many transactions ``run`` has not decided yet.

        Args:
            run: its id.
            starts: offset of each partition at which it began: it has decided nothing where its group knows none.

        Raises:
            MachineError: the brokers do not answer, or their topic ends below what was decided.
        """
        return self._patiently(lambda: self._lag_since(run, starts))

    def _lag_since(self, run: str, starts: Mapping[int, int]) -> int:
        topic = self._stream.topics.transactions
        reached = {(topic, partition): offset for partition, offset in starts.items()}
        reached |= self._committed(self._stream.group_of(run))
        ends = self.ends(topic)
        lags = {at: ends.get(at, 0) - offset for at, offset in reached.items()}
        if min(lags.values()) < 0:
            raise MachineError(f"{self._stream.url}: {topic} ends below what was decided: it has lost its end")
        return sum(lags.values())

    def _lag(self, group: str) -> int:
        """Return how far the consumer group ``group`` is behind, whatever topic its run has taken transactions from."""
        committed = self._committed(group)
        topics = {topic for topic, _ in committed} & self._partitions().keys()  # one may have been removed
        ends = self.ends(*sorted(topics)) if topics else {}
        return sum(max(0, ends.get(at, 0) - offset) for at, offset in committed.items())

    def _committed(self, group: str) -> dict[tuple[str, int], int]:
        """Return the offsets that the consumer group ``group`` has committed."""
        (answer,) = self._admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
        return {(at.topic, at.partition): at.offset for at in answer.result(CALL_S).topic_partitions if at.offset >= 0}

    def check_free(self, settled: Collection[str] = ()) -> None:
        """Refuse topics on which another run has transactions that are not decided; forget runs that have none.

        Args:
            settled: runs that are known to have decided all of theirs: what lies behind them is not theirs.

        Raises:
            InputError: there is one.
        """
        found = self.lags()
        lags = {run: lag for run, lag in found.items() if lag and run not in settled}
        for run in found.keys() - lags.keys():
            with contextlib.suppress(InputError, MachineError):  # a slot is kept for a while: the next run asks again
                self.discard(run)
        if lags:
            named = ", ".join(f"{run} ({lag:,})" for run, lag in sorted(lags.items())[:SHOWN_LAG])
            raise InputError(
                f"{self._stream.url}: has transactions that other runs have not decided: {named}; let them end, choose "
                "another prefix, or give them up with --discard RUN"
            )

    def hand_out_anew(self, run: str) -> None:
        """Have the workers of ``run`` share its partitions anew: one more member joins their group and leaves at once.

        Nobody of the group can ask for that itself: a process that takes over a slot gets what the slot had, without
        any sharing out, and a member that asks as it asked before is answered as before. A member that is not let in
        in time leaves too; whoever still sees a partition without a worker asks again.
        """
        joined = False

        def assigned(member: Consumer, _: list[TopicPartition]) -> None:
            nonlocal joined
            member.incremental_assign([])  # or the client begins with them by itself
            joined = True

        member = Consumer({**self._stream.client(), **CONSUMER, "group.id": self._stream.group_of(run)})
        try:
            member.subscribe([self._stream.topics.transactions], on_assign=assigned)
            until = time.monotonic() + CALL_S
            while not joined and time.monotonic() < until:
                member.poll(ASKED_EVERY_S)
        finally:
            member.close()

    def discard(self, run: str) -> None:
        """Give up what ``run`` has claimed; its transactions will never be decided.

        Raises:
            InputError: there is no such run, or its workers are still there.
        """
        group = self._stream.group_of(run)
        ((_, answer),) = self._admin.delete_consumer_groups([group], request_timeout=CALL_S).items()
        try:
            answer.result(CALL_S)
        except KafkaException as error:
            what = error.args[0]
            if what.code() == KafkaError.GROUP_ID_NOT_FOUND:
                raise InputError(f"--discard {run}: {self._stream.url} has no such run") from error
            if what.code() == KafkaError.NON_EMPTY_GROUP:
                text = "its workers still run, or ended less than ten seconds ago; end them, then try again"
                raise InputError(f"--discard {run}: {text}") from error
            raise MachineError(f"--discard {run}: {what.str()}") from error
