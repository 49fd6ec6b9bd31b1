"""A worker's client: it takes rows from the partitions that are its own, and commits epochs. Every call blocks.

Offsets move in the same Kafka transaction as the decisions (``exactly_once``), or behind them (``at_least_once``).
"""

import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from actors.adapters.kafka.address import StreamAddress
from actors.adapters.kafka.client import (
    AUTO_OFFSET_RESET,
    CONSUMER,
    FATAL,
    PATIENCE_S,
    WAIT_S,
    StillWaitingError,
    TransactionsGoneError,
    WorkerFencedError,
    judged,
)
from actors.adapters.kafka.epoch_commits import EpochCommits, committed_offsets
from actors.adapters.kafka.epochs import Epoch, Fetched, Row
from actors.adapters.kafka.messages import Record, record_of
from actors.adapters.kafka.readings import Reading, own_messages
from actors.adapters.kafka.topics import StreamTopics
from actors.adapters.streams import Delivery

FETCH_ROWS: Final = 1_024
HELD_ROWS: Final = 4_096
REJOIN_S: Final = 10.0  # a client that is told of no broker, by one that is not let in, waits for ever for another
FORGOTTEN_S: Final = 5.0  # a broker that was killed has said so of what was in its log, while it was starting


class EpochClient:
    """Consumer and producer of one worker, used by one thread.

    Args:
        stream: where it is.
        group: the consumer group, of this run alone.
        run: id of the run.
        worker: its name in messages.
        slot: static membership: the next process with this slot has its partitions at once. None: dynamic.
        delivery: how decisions and offsets are committed.
        epoch_rows: most rows of one partition in an epoch.
        reading: of the messages of the transactions' topic; None: those of the run are rows, others are passed over.

    Attributes:
        foreign: messages that were passed over.
        losing: what is wrong with the brokers at the moment, "" when nothing is.
    """

    def __init__(
        self,
        stream: StreamAddress,
        group: str,
        run: str,
        worker: str,
        slot: str | None,
        delivery: Delivery,
        epoch_rows: int,
        reading: Reading | None = None,
    ) -> None:
        self._stream = stream
        self._group = group
        self._run = run.encode()
        self._worker = worker.encode()
        self._slot = slot
        self._delivery = delivery
        self._epoch_rows = epoch_rows
        self._reading = reading or own_messages(run)
        self._owned: dict[int, int] = {}
        self._serial = 0
        self._change = Fetched()
        self._held: deque[Row] = deque()
        self._unplaced: dict[int, float] = {}  # partitions that are ours from an offset on that nobody has said yet
        self._lost_s: float | None = None
        self._trouble: WorkerFencedError | None = None
        self._commits: EpochCommits | None = None
        self.foreign = 0
        self.losing = ""

    # ------------------------------------------------------------------ begin and end

    def start(self) -> None:
        """Join the group; called again after `StillWaitingError`.

        Raises:
            StillWaitingError: the brokers do not answer.
            WorkerFencedError: it cannot, with the reason in one line.
        """
        try:
            if self._commits is None:
                membership = {} if self._slot is None else {"group.instance.id": self._slot}
                own = {"group.id": self._group, **membership, "error_cb": self._on_error}
                self._consumer = Consumer({**self._stream.client(), **CONSUMER, **own})
                named = f"{self._group}.{self._slot or self._worker.decode()}"
                self._commits = EpochCommits(
                    self._stream, self._run, self._worker, self._delivery, named, self._owned, self._consumer
                )
                self._consumer.subscribe(  # first: joining goes on while the other is waited for
                    [self._stream.topics.transactions],
                    on_assign=self._on_assign,
                    on_revoke=self._on_revoke,
                    on_lost=self._on_lost,
                )
            self._commits.open()
        except KafkaException as error:
            raise judged(error) from error

    def close(self) -> None:
        """Leave the group, so that others have the partitions at once; those of a slot wait for its next process."""
        self._consumer.close()
        if self._commits is not None:
            self._commits.close()

    # ------------------------------------------------------------------ rows

    def fetch(self) -> Fetched:
        """Return rows for an epoch, at most ``epoch_rows`` of each partition; none if there are none for a moment.

        Raises:
            StillWaitingError: the brokers do not answer.
            WorkerFencedError: this process can never go on.
            TransactionsGoneError: nor can any other.
        """
        self._place()
        self._look_for_group()
        if not self._held:
            self._receive(1, WAIT_S)
        if 0 < len(self._held) < HELD_ROWS:  # most of what waits may be of one partition
            self._receive(FETCH_ROWS, 0.0)
        if self._trouble is not None:
            raise self._trouble
        fetched, self._change = self._change, Fetched()
        taken, later = dict.fromkeys(self._owned, 0), deque[Row]()
        for row in self._held:
            if taken[row.partition] < self._epoch_rows:
                taken[row.partition] += 1
                fetched.rows.append(row)
            else:
                later.append(row)
        self._held = later
        return fetched

    def _receive(self, count: int, wait_s: float) -> None:
        try:
            messages = self._consumer.consume(count, wait_s)
        except KafkaException as error:
            raise judged(error) from error
        self._hold(self._records(messages))
        if self.losing and self._answered(messages):
            self.losing = ""

    def _attend(self) -> None:
        """Hear what becomes of the membership while a commit waits: one that is lost is found again only so."""
        if len(self._held) < HELD_ROWS:
            self._receive(1, WAIT_S)

    def _records(self, messages: Sequence[Message]) -> list[Record]:
        """Return ``messages`` without the errors among them, which are taken note of."""
        good = []
        for message in messages:
            if (wrong := message.error()) is not None:
                self._note(wrong)
            else:
                good.append(record_of(message))
        return good

    def _hold(self, records: Sequence[Record]) -> None:
        """Hold what ``records`` are to be handed out as, those of partitions that are ours."""
        ours = [record for record in records if record.partition in self._owned]
        for record, taken in zip(ours, self._reading(ours) if ours else (), strict=True):
            if taken is None:
                self.foreign += 1
                continue
            offered, raw, refused = taken
            at = record.partition, record.offset
            self._held.append(Row(*at, record.key, raw, offered, self._owned[record.partition], refused))

    def _answered(self, messages: Sequence[Message]) -> bool:
        """Return whether the brokers answer again."""
        if any(message.error() is None for message in messages):
            return True
        try:
            self._consumer.list_topics(self._stream.topics.transactions, timeout=WAIT_S)
        except KafkaException:
            return False
        return True

    def _note(self, error: KafkaError) -> None:
        """Take note of an error among the messages: some pass, some end this worker."""
        code = error.code()
        if self._is_fatal(error):
            self._fence(error)
        elif code in (AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            self._trouble = TransactionsGoneError(
                f"{self._stream.topics.transactions}: the next transaction is not there any more ({error.str()}); what "
                "is missing cannot be decided: keep transactions longer (retention.ms) and start a new run"
            )
        elif code == KafkaError.UNKNOWN_TOPIC_OR_PART:
            self._trouble = TransactionsGoneError(
                f"{self._stream.topics.transactions} is not there any more; start a new run"
            )
        else:
            self.losing = f"Kafka does not answer: {error.str()}"

    def _on_error(self, error: KafkaError) -> None:
        if self._is_fatal(error):
            self._fence(error)
        else:
            self.losing = f"Kafka does not answer: {error.str()}"

    @staticmethod
    def _is_fatal(error: KafkaError) -> bool:
        """Return whether the consumer is of no use any more; one among messages says so by its code alone."""
        return error.fatal() or error.code() in (FATAL, KafkaError.FENCED_INSTANCE_ID)

    def _fence(self, error: KafkaError) -> None:
        if self._lost_s is None:
            why = f"Kafka has another worker in this place: {error.str()}"
        else:  # it asked twice to join while the broker hung; the broker answers both, and one fences the other
            why = f"Kafka took this worker for dead while it hung, and does not take it back: {error.str()}"
        self._trouble = WorkerFencedError(why)

    def measure(self) -> tuple[tuple[int, ...], int]:
        """Return the partitions that are ours and how many transactions of them are not committed."""
        topic, lag = self._stream.topics.transactions, 0
        for partition in self._owned:
            at = TopicPartition(topic, partition)
            try:
                _, high = self._consumer.get_watermark_offsets(at, cached=True)
                (position,) = self._consumer.position([at])
            except KafkaException:
                continue
            if high > 0 and position.offset >= 0:
                lag += max(0, high - position.offset)
        return tuple(sorted(self._owned)), lag + len(self._held)

    # ------------------------------------------------------------------ membership; called inside `consume`

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._lost_s = None
        consumer.incremental_assign([])  # or the client begins with them by itself
        self._unplaced |= dict.fromkeys((each.partition for each in partitions), time.monotonic())

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {each.partition for each in partitions}
        consumer.incremental_unassign([each for each in partitions if each.partition in self._owned])
        for partition in gone:
            self._unplaced.pop(partition, None)
            self._owned.pop(partition, None)
            self._change.assigned.pop(partition, None)
        self._change.revoked |= gone
        self._held = deque(row for row in self._held if row.partition not in gone)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._lost_s = time.monotonic()
        self._on_revoke(consumer, partitions)

    def _look_for_group(self) -> None:
        """End this worker if it has lost its membership, and the brokers answer and have given it none for a while."""
        now_s = time.monotonic()
        if self._lost_s is None or now_s - self._lost_s < REJOIN_S:
            return
        if StreamTopics(self._stream).answers():  # a client of now: this one may know of no broker any more
            why = f"Kafka took this worker for dead and has not taken it back for {REJOIN_S:g} s"
            self._trouble = WorkerFencedError(why)
        self._lost_s = now_s

    def _place(self) -> None:
        """Begin with partitions that became ours, where the group has committed."""
        if not self._unplaced:
            return
        topic = self._stream.topics.transactions
        try:
            found = committed_offsets(self._consumer, topic, list(self._unplaced))
            ends = {each: self._watermarks(each)[1] for each, offset in found.items() if offset >= 0}
        except KafkaException as error:
            self.losing = str(wrong := judged(error))
            if isinstance(wrong, WorkerFencedError):
                self._trouble = wrong
            return
        now_s = time.monotonic()
        begun = {partition: found[partition] for partition, end in ends.items() if found[partition] <= end}
        for partition in found.keys() - begun.keys():  # the run has committed where it begins
            if now_s - self._unplaced[partition] > FORGOTTEN_S:
                why = f"{topic}: Kafka has forgotten how far partition {partition} was decided; start a new run"
                if partition in ends:
                    why = (
                        f"{topic}: the run has decided partition {partition} up to {found[partition]:,}, and it ends "
                        f"at {ends[partition]:,}: it was made anew, or has lost its end; start a new run"
                    )
                self._trouble = TransactionsGoneError(why)
        self._consumer.incremental_assign([TopicPartition(topic, *each) for each in begun.items()])
        for partition, offset in begun.items():
            del self._unplaced[partition]
            self._serial += 1
            self._owned[partition] = self._serial
            self._change.assigned[partition] = offset

    def _watermarks(self, partition: int) -> tuple[int, int]:
        """Return the offset of the first transaction that is still there, and the one behind the last."""
        at = TopicPartition(self._stream.topics.transactions, partition)
        marks: tuple[int, int] = self._consumer.get_watermark_offsets(at, timeout=PATIENCE_S)
        return marks

    # ------------------------------------------------------------------ epochs

    def commit(self, epoch: Epoch) -> None:
        """Commit the outcomes of ``epoch`` and its offsets; see `EpochCommits.commit`."""
        if self._commits is None:
            raise AssertionError("an epoch is committed by a client that has started")
        try:
            self._commits.commit(epoch)
        except StillWaitingError:
            self._attend()
            raise
        finally:
            self.losing = self._commits.losing

    def give_up_commit(self) -> None:
        """Leave a commit that does not come back to its thread; the next one begins with another producer."""
        if self._commits is not None:
            self._commits.give_up()

    def rewind(self, offsets: dict[int, int]) -> None:
        """Hand out again from ``offsets`` on, by partition; those that are ours no more are left out."""
        for partition, offset in offsets.items():
            if partition in self._owned:
                self._held = deque(row for row in self._held if row.partition != partition)
                self._seek(partition, offset)

    def reread(self, partition: int, start: int, end: int, most: int) -> tuple[list[tuple[int, bytes]], int]:
        """Return what lies in ``partition`` from ``start`` to ``end``, at most ``most``, and the offset behind that.

        The others wait meanwhile; afterwards it goes on at ``end``. Nothing is read of a partition that is given away,
        and what retention has taken is passed over.

        Raises:
            StillWaitingError: the brokers do not answer.
            WorkerFencedError: the partition cannot be read any more.
        """
        topic = self._stream.topics.transactions
        everything = [TopicPartition(topic, other) for other in self._owned]
        others = [each for each in everything if each.partition != partition]
        found: list[tuple[int, bytes]] = []
        try:
            after = min(max(start, self._watermarks(partition)[0]), end)
        except KafkaException as error:
            raise judged(error) from error
        until = time.monotonic() + PATIENCE_S
        self._consumer.pause(others)
        self.rewind({partition: after})
        try:
            while after < end and len(found) < most and partition in self._owned:
                records = self._records(self._consumer.consume(min(most - len(found), FETCH_ROWS), WAIT_S))
                self._hold([record for record in records if record.partition != partition])
                again = [record for record in records if record.partition == partition and after <= record.offset < end]
                if any(record.partition == partition and record.offset >= end for record in records):
                    after = end
                elif again:
                    after = again[-1].offset + 1
                rows = self._reading(again) if again else ()
                found += [(record.offset, row.raw) for record, row in zip(again, rows, strict=True) if row is not None]
                if self._trouble is not None:
                    raise self._trouble
                if time.monotonic() > until:
                    if after == start:
                        raise StillWaitingError(f"partition {partition} cannot be read again")
                    break
        finally:
            self.rewind({partition: end})
            self._consumer.resume([each for each in others if each.partition in self._owned])
        return found, after

    def _seek(self, partition: int, offset: int) -> None:
        at = TopicPartition(self._stream.topics.transactions, partition, offset)
        try:
            self._consumer.seek(at)
        except KafkaException:  # it has only just been assigned
            self._consumer.incremental_unassign([at])
            self._consumer.incremental_assign([at])
