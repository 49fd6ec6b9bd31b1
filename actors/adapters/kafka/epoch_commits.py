"""The commit of an epoch: its decisions, and behind or with them its offsets. Every call blocks."""

import time
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from actors.adapters.kafka.address import Topics
from actors.adapters.kafka.client import (
    PATIENCE_S,
    WAIT_S,
    EpochAbortedError,
    StillWaitingError,
    WorkerFencedError,
    judged,
)
from actors.adapters.kafka.epochs import Epoch
from actors.adapters.kafka.messages import ended
from actors.adapters.streams import Delivery


class EpochCommits:
    """Commits the epochs of one worker, one after another.

    Args:
        topics: of the stream.
        run: id of the run.
        worker: its name in messages.
        delivery: whether decisions and offsets are one transaction of Kafka's, or offsets follow.
        owned: partitions that are the worker's, with the number of their assignment; it changes as they come and go.
        producer: transactional and ready where ``delivery`` is exactly once, idempotent otherwise.
        consumer: of the worker.

    Attributes:
        losing: what is wrong with the brokers, as the last call found it, "" if nothing.
    """

    def __init__(
        self,
        topics: Topics,
        run: bytes,
        worker: bytes,
        delivery: Delivery,
        owned: Mapping[int, int],
        producer: Producer,
        consumer: Consumer,
    ) -> None:
        self._topics = topics
        self._run = run
        self._worker = worker
        self._delivery = delivery
        self._owned = owned
        self._producer = producer
        self._consumer = consumer
        self._committing: tuple[Epoch, int] | None = None
        self._undelivered = ""
        self.losing = ""

    def commit(self, epoch: Epoch) -> None:
        """Commit the outcomes of ``epoch`` and its offsets. Called again with the same one after `StillWaitingError`.

        Raises:
            EpochAbortedError: nothing of it is committed.
            StillWaitingError: the brokers do not answer.
            WorkerFencedError: this process can commit nothing any more.
        """
        stages = self._transaction if self._delivery == "exactly_once" else self._behind
        step = 0
        if self._committing is not None and self._committing[0] is epoch:
            step = self._committing[1]
        for at, stage in enumerate(stages(epoch)):
            if at >= step:
                self._committing = epoch, at
                self._again(stage)
        self._committing = None

    def _transaction(self, epoch: Epoch) -> Sequence[Callable[[], object]]:
        def begin() -> None:
            self._check_ours(epoch)
            self._producer.begin_transaction()
            self._produce(epoch)

        def offsets() -> None:
            try:
                self._check_ours(epoch)
            except EpochAbortedError:
                self._abort()
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
                raise StillWaitingError("Kafka does not take the decisions")
            undelivered, self._undelivered = self._undelivered, ""
            if undelivered:
                self._abort()
                raise EpochAbortedError(undelivered)

        offsets = self._offsets(epoch)
        return produce, flush, lambda: self._consumer.commit(offsets=offsets, asynchronous=False)

    def _check_ours(self, epoch: Epoch) -> None:
        """Refuse an epoch of which a partition was given away since its rows were taken: another worker has them."""
        for partition, assignment in epoch.assignments.items():
            if self._owned.get(partition) != assignment:
                raise EpochAbortedError(f"partition {partition} was given to another worker")

    def _produce(self, epoch: Epoch) -> None:
        topics = self._topics
        for row, outcome in zip(epoch.rows, epoch.outcomes, strict=True):
            if outcome is None:
                raise AssertionError("an epoch is committed when each of its rows has ended")
            headers = ended(self._run, row.offered, outcome.done_ns, self._worker, outcome.kind)
            topic = topics.dead_letters if outcome.kind else topics.decisions
            while True:
                try:
                    self._producer.produce(
                        topic, outcome.value, row.key, row.partition, headers=headers, on_delivery=self._on_delivery
                    )
                except BufferError:  # librdkafka's own queue is full
                    self._producer.poll(WAIT_S)
                else:
                    break
        self._producer.poll(0)

    def _on_delivery(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._undelivered = error.str()

    def _offsets(self, epoch: Epoch) -> list[TopicPartition]:
        topic = self._topics.transactions
        return [TopicPartition(topic, partition, offset) for partition, offset in epoch.next_offsets.items()]

    def _again(self, call: Callable[[], object]) -> None:
        """Make ``call`` until it is done, or `PATIENCE_S` are over."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                call()
            except KafkaException as error:
                what: KafkaError = error.args[0]
                if what.fatal():
                    raise WorkerFencedError(f"Kafka has another worker in this place: {what.str()}") from error
                if what.txn_requires_abort() or (self._delivery == "at_least_once" and not what.retriable()):
                    self._abort()
                    raise EpochAbortedError(what.str()) from error
                if not what.retriable():
                    raise WorkerFencedError(f"Kafka refuses: {what.str()}") from error
                if time.monotonic() > until:
                    self.losing = f"Kafka does not answer: {what.str()}"
                    raise StillWaitingError(what.str()) from error
                time.sleep(WAIT_S)
            else:
                self.losing = ""
                return

    def _abort(self) -> None:
        self._committing = None
        if self._delivery == "exactly_once":
            try:
                self._producer.abort_transaction(PATIENCE_S)
            except KafkaException as error:
                raise judged(error) from error
