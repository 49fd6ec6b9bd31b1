"""The commit of an epoch: its decisions, and behind or with them its offsets. Every call blocks.

A producer that has lost its broker in the middle of a transaction is not used any more: librdkafka may send offsets to
a coordinator that it does not reconnect to, for ever (its issues 5456 and 5511), and a transaction that was open for
too long was aborted by the broker, which fences its producer. Another producer with the same transactional id ends what
the one before it left open; then the group says whether the epoch was committed, and if it was not, it is sent again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from actors.adapters.kafka.address import StreamAddress
from actors.adapters.kafka.client import (
    ALL_BROKERS_DOWN,
    PATIENCE_S,
    PRODUCER,
    TRANSACTION_MS,
    WAIT_S,
    EpochAbortedError,
    StillWaitingError,
    WorkerFencedError,
    judged,
    passes,
)
from actors.adapters.kafka.epochs import Epoch
from actors.adapters.kafka.messages import ended
from actors.adapters.streams import Delivery

AT_ONCE_S: Final = 0.5  # then a call comes back, whatever is left: one that hangs is told from one that tries
UNKNOWN: Final = -1  # stage of an epoch of which only the group can say whether it was committed
MOST_REOPENED: Final = 5  # producers in a row that were fenced or given up before they had committed anything


class EpochCommits:
    """Commits the epochs of one worker, one after another.

    Args:
        stream: where it is.
        run: id of the run.
        worker: its name in messages.
        delivery: whether decisions and offsets are one transaction of Kafka's, or offsets follow.
        transactional_id: of the producer; the newest one with it fences those before it.
        owned: partitions that are the worker's, with the number of their assignment; it changes as they come and go.
        consumer: of the worker.

    Attributes:
        losing: what is wrong with the brokers, as the last call found it, "" if nothing.
    """

    def __init__(
        self,
        stream: StreamAddress,
        run: bytes,
        worker: bytes,
        delivery: Delivery,
        transactional_id: str,
        owned: Mapping[int, int],
        consumer: Consumer,
    ) -> None:
        self._stream = stream
        self._topics = stream.topics
        self._run = run
        self._worker = worker
        self._exactly_once = delivery == "exactly_once"
        own = {"transactional.id": transactional_id, "transaction.timeout.ms": TRANSACTION_MS}
        self._settings = own if self._exactly_once else {}
        self._owned = owned
        self._consumer = consumer
        self._producer = self._new_producer()
        self._ready = not self._exactly_once
        self._doubtful = False
        self._reopened = 0
        self._epoch: Epoch | None = None
        self._stage = self._term = 0
        self._undelivered = ""
        self.losing = ""

    def _new_producer(self) -> Producer:
        self._doubtful = False
        return Producer({**self._stream.client(), **PRODUCER, **self._settings, "error_cb": self._on_error})

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == ALL_BROKERS_DOWN and self._ready:
            self._doubt()

    def open(self) -> None:
        """Make transactions possible; called again after `StillWaitingError`.

        Raises:
            StillWaitingError: the brokers do not answer.
            WorkerFencedError: they refuse.
        """
        if not self._ready:
            self.answers()  # once it has a connection: librdkafka looks for one again half a second later
            try:
                self._producer.init_transactions(PATIENCE_S)
            except KafkaException as error:
                raise judged(error) from error
            self._producer.poll(0)  # what it complained of while it found the brokers
            self._ready = True

    def answers(self) -> bool:
        """Return whether the brokers do."""
        try:
            self._producer.list_topics(self._topics.transactions, timeout=AT_ONCE_S)
        except KafkaException:
            return False
        return True

    def close(self) -> None:
        """Send what is left."""
        self._producer.flush(PATIENCE_S)

    def give_up(self) -> None:
        """Leave a call that does not come back to itself: whatever it does later has no effect. Of any thread."""
        self._term += 1
        self._doubt()

    def _doubt(self) -> None:
        if self._exactly_once:
            self._doubtful = True

    # ------------------------------------------------------------------ commit

    def commit(self, epoch: Epoch) -> None:
        """Commit the outcomes of ``epoch`` and its offsets. Called again with the same one after `StillWaitingError`.

        Raises:
            EpochAbortedError: nothing of it is committed.
            StillWaitingError: the brokers do not answer.
            WorkerFencedError: this process can commit nothing any more.
        """
        term, until = self._term, time.monotonic() + AT_ONCE_S
        if self._epoch is not epoch:
            self._epoch, self._stage = epoch, 0
        stages = self._transaction(epoch) if self._exactly_once else self._behind(epoch)
        while self._stage < len(stages):
            if time.monotonic() > until:
                raise StillWaitingError(self.losing or "Kafka takes its time")
            self._mend(epoch, len(stages), term)
            if self._stage == len(stages):  # it was committed by the producer before
                break
            try:
                stages[self._stage]()
            except KafkaException as error:
                self._check(term)
                self._take(error)
            else:
                self._check(term)
                self._stage += 1
        self._epoch = None
        self._reopened = 0
        self.losing = ""

    def _check(self, term: int) -> None:
        """Raise if this call was given up meanwhile."""
        if term != self._term:
            raise StillWaitingError("nobody waits for this call any more")

    def _take(self, error: KafkaException) -> None:
        """Do what ``error`` asks for; returns if the epoch may be tried again with another producer."""
        what: KafkaError = error.args[0]
        if what.fatal() and self._exactly_once:
            self._doubt()
        elif what.fatal():
            raise WorkerFencedError(f"Kafka has another worker in this place: {what.str()}") from error
        elif passes(what):
            self.losing = f"Kafka does not answer: {what.str()}"
            self._doubt()
            raise StillWaitingError(self.losing) from error
        elif what.txn_requires_abort() or not self._exactly_once:
            self._abort(what)
        else:
            raise WorkerFencedError(f"Kafka refuses: {what.str()}") from error

    def _abort(self, why: KafkaError) -> None:
        """Abort the epoch; returns if it has to be seen first whether that has worked."""
        if self._exactly_once and not self._doubtful:
            try:
                self._producer.abort_transaction(PATIENCE_S)
            except KafkaException:
                self._doubt()
        if self._doubtful:
            return
        self._epoch = None
        raise EpochAbortedError(why.str())

    # ------------------------------------------------------------------ another producer

    def _mend(self, epoch: Epoch, done: int, term: int) -> None:
        """Take another producer where this one is of no use, and see how far ``epoch`` has come.

        Raises:
            StillWaitingError: the brokers do not answer.
            WorkerFencedError: that was tried too often.
        """
        if self._doubtful:
            if self._reopened == MOST_REOPENED:
                raise WorkerFencedError(f"Kafka has fenced this worker {MOST_REOPENED} times in a row")
            self._producer, self._ready = self._new_producer(), False
        if self._ready and self._stage != UNKNOWN:
            return
        self._stage = UNKNOWN
        try:
            if not self._ready:
                self.open()
                self._check(term)
                self._reopened += 1
            committed = self._is_committed(epoch)
            self._check(term)
        except StillWaitingError as waiting:
            self.losing = self.losing or str(waiting)
            raise
        self._stage = done if committed else 0

    def _is_committed(self, epoch: Epoch) -> bool:
        """Return whether the group has the offsets of ``epoch``: those of all its partitions are in one transaction."""
        ours = [part for part, assignment in epoch.assignments.items() if self._owned.get(part) == assignment]
        try:
            found = committed_offsets(self._consumer, self._topics.transactions, ours)
        except KafkaException as error:
            raise judged(error) from error
        return any(found[partition] >= epoch.next_offsets[partition] for partition in ours)

    # ------------------------------------------------------------------ stages

    def _transaction(self, epoch: Epoch) -> Sequence[Callable[[], object]]:
        def begin() -> None:
            self._check_ours(epoch)
            self._producer.begin_transaction()
            self._produce(epoch)

        def offsets() -> None:
            try:
                self._check_ours(epoch)
            except EpochAbortedError:
                self._producer.abort_transaction(PATIENCE_S)
                raise
            group = self._consumer.consumer_group_metadata()
            self._producer.send_offsets_to_transaction(self._offsets(epoch), group, PATIENCE_S)

        return begin, offsets, lambda: self._producer.commit_transaction(PATIENCE_S)

    def _behind(self, epoch: Epoch) -> Sequence[Callable[[], object]]:
        def produce() -> None:
            self._check_ours(epoch)
            self._produce(epoch)

        def flush() -> None:
            if self._producer.flush(PATIENCE_S):
                self.losing = "Kafka does not take the decisions"
                raise StillWaitingError(self.losing)
            undelivered, self._undelivered = self._undelivered, ""
            if undelivered:
                self._epoch = None
                raise EpochAbortedError(undelivered)

        offsets = self._offsets(epoch)
        return produce, flush, lambda: self._consumer.commit(offsets=offsets, asynchronous=False)

    def _check_ours(self, epoch: Epoch) -> None:
        """Refuse an epoch of which a partition was given away since its rows were taken: another worker has them."""
        for partition, assignment in epoch.assignments.items():
            if self._owned.get(partition) != assignment:
                self._epoch = None
                raise EpochAbortedError(f"partition {partition} was given to another worker")

    def _produce(self, epoch: Epoch) -> None:
        topics, producer = self._topics, self._producer
        for row, outcome in zip(epoch.rows, epoch.outcomes, strict=True):
            if outcome is None:
                raise AssertionError("an epoch is committed when each of its rows has ended")
            headers = ended(self._run, row.offered, outcome.done_ns, self._worker, outcome.kind)
            topic = topics.dead_letters if outcome.kind else topics.decisions
            while True:
                try:
                    producer.produce(
                        topic, outcome.value, row.key, row.partition, headers=headers, on_delivery=self._on_delivery
                    )
                except BufferError:  # librdkafka's own queue is full
                    producer.poll(WAIT_S)
                else:
                    break
        producer.poll(0)

    def _on_delivery(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._undelivered = error.str()

    def _offsets(self, epoch: Epoch) -> list[TopicPartition]:
        topic = self._topics.transactions
        return [TopicPartition(topic, partition, offset) for partition, offset in epoch.next_offsets.items()]


def committed_offsets(consumer: Consumer, topic: str, partitions: Sequence[int]) -> dict[int, int]:
    """Return by partition the offset that the consumer's group has committed, below 0 where it has none.

    Raises:
        KafkaException: the brokers do not say.
    """
    asked = [TopicPartition(topic, partition) for partition in partitions]
    found = consumer.committed(asked, timeout=PATIENCE_S) if asked else []
    for each in found:
        if each.error is not None:
            raise KafkaException(each.error)
    return {each.partition: each.offset for each in found}
