"""Reads given partitions from given offsets on, for whoever is in no consumer group. Every call blocks."""

import time
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from actors.adapters.kafka.client import StillWaitingError, judged
from actors.adapters.kafka.lasting_client import ANSWER_S, DEAF_S, LastingClient

WAIT_S: Final = 0.05
LEAST_S: Final = 0.1  # of a question, when those before it took long
AT_END: Final = KafkaError._PARTITION_EOF  # noqa: SLF001 - codes of librdkafka's own begin so, and are public

Offsets = dict[tuple[str, int], int]
"""Offsets by topic and partition."""


class PartitionReader:
    """Reads on whatever becomes of its brokers: a client that is deaf is replaced where it was.

    Args:
        what: is read, for people.
        settings: of the client.
        starts: offset of each partition at which to begin.
        deaf_s: how long a client may hear nothing that another one hears.

    Attributes:
        reached: the offset below which everything was given out, or is no message: a commit of whoever writes there in
            transactions has an offset too.
    """

    def __init__(
        self, what: str, settings: Mapping[str, Any], starts: Mapping[tuple[str, int], int], deaf_s: float = DEAF_S
    ) -> None:
        self._settings = {
            **settings,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
            "error_cb": passed_over,
        }
        self.reached: Offsets = dict(starts)
        self._wrong: KafkaError | None = None
        self._client = LastingClient(what, self._assigned, self._unread, Consumer.close, deaf_s)

    def _assigned(self) -> Consumer:
        consumer = Consumer(self._settings)
        consumer.assign([TopicPartition(*at, offset) for at, offset in self.reached.items()])
        return consumer

    def _unread(self, consumer: Consumer) -> int | None:
        """Return how many offsets are there that were not reached; None if no broker says."""
        unread, until = 0, time.monotonic() + ANSWER_S
        for at, offset in self.reached.items():
            within_s = max(LEAST_S, until - time.monotonic())
            try:
                end = consumer.get_watermark_offsets(TopicPartition(*at), timeout=within_s)[1]
            except KafkaException:
                return None
            unread += max(0, end - offset)
        return unread

    def read(self, most: int) -> list[Message]:
        """Return what has come since the last call, in order within each partition; waits a moment for it.

        While no broker answers there is nothing.

        Raises:
            WorkerFencedError: what comes next is not there any more, or may not be read; said once, when everything
                before it was given out.
        """
        if self._wrong is not None:
            wrong, self._wrong = self._wrong, None
            raise judged(KafkaException(wrong))
        consumer = self._client.current
        found = consumer.consume(1, WAIT_S)  # the first ends the wait; of many at once it waits for the last
        if found:
            found += consumer.consume(most, 0)
        read: list[Message] = []
        for message in found:
            error = message.error()
            if error is None:
                if self._reach(message, 1):
                    read.append(message)
            elif error.code() == AT_END:
                self._reach(message, 0)
            elif not isinstance(judged(KafkaException(error)), StillWaitingError):
                self._wrong = error
        if not found:
            self._client.look()
        return read

    def _reach(self, message: Message, behind: int) -> bool:
        """Take that ``message`` has come; return whether it is new: a client that lost its brokers may bring one again.

        Args:
            message: from one of the partitions.
            behind: how far the next offset is from its own.
        """
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        if topic is None or partition is None or offset is None:
            return False
        self._client.heard()
        at = topic, partition
        if offset < self.reached[at]:
            return False
        self.reached[at] = offset + behind
        return True

    def close(self) -> None:
        """Read nothing more."""
        self._client.current.close()


def passed_over(_: KafkaError) -> None:
    """Take what a client says of its brokers: it never says that they answer again, so whoever wants to know asks."""
