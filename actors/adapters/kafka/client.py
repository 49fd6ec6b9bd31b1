"""How the clients of workers are set, and what their errors mean.

The settings are those that were measured to lose nothing and to be quick: at the default backoff an epoch waits 50 to
100 ms for the transaction before it (confluent-kafka-python issue 967).
"""

import logging
from typing import Final

from confluent_kafka import KafkaError, KafkaException

SESSION_MS: Final = 6_000  # a dead worker's partitions wait so long, unless its slot is taken again
TRANSACTION_MS: Final = 3_000  # an open transaction of a dead worker hides the decisions behind it for so long
WAIT_S: Final = 0.02
PATIENCE_S: Final = 3.0  # of one call; then the event loop hears that it is still waited for
QUIET: Final = logging.getLogger(f"{__name__}.librdkafka")  # its fatal errors, which level 0 lets through: we tell them
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
KEEPING: Final = {
    # the default, "rebootstrap", forgets brokers that are away and with them who coordinates: a group has been seen not
    # to come together again, and offsets that were being sent to wait for ever (librdkafka's issues 5456 and 5511); a
    # worker whose client is told of no broker at all finds none again then, and ends (`EpochClient`)
    "metadata.recovery.strategy": "none",
    "reconnect.backoff.max.ms": 500,
    "logger": QUIET,
}
CONSUMER: Final = {
    **KEEPING,
    "partition.assignment.strategy": "cooperative-sticky",
    "session.timeout.ms": SESSION_MS,
    "heartbeat.interval.ms": SESSION_MS // 3,
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "isolation.level": "read_committed",
    "auto.offset.reset": "error",  # to begin somewhere else in silence would lose rows, or decide them twice
    "fetch.wait.max.ms": 20,
    "queued.min.messages": 5_000,
}
PRODUCER: Final = {
    **KEEPING,
    "enable.idempotence": True,
    "linger.ms": 0,
    "compression.type": "lz4",
    "socket.timeout.ms": TRANSACTION_MS,
    "retry.backoff.ms": 5,
    "retry.backoff.max.ms": 20,
}

AUTO_OFFSET_RESET: Final = KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001 - codes of librdkafka's own begin so, and are public
ALL_BROKERS_DOWN: Final = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001
FATAL: Final = KafkaError._FATAL  # noqa: SLF001
_UNREACHABLE = (  # or not yet what they are going to be: a broker that starts answers before it knows everything
    KafkaError._TRANSPORT,  # noqa: SLF001
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError._RESOLVE,  # noqa: SLF001
    KafkaError._WAIT_COORD,  # noqa: SLF001
    ALL_BROKERS_DOWN,
    KafkaError.BROKER_NOT_AVAILABLE,
    KafkaError.CONCURRENT_TRANSACTIONS,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.UNSTABLE_OFFSET_COMMIT,
)


class EpochAbortedError(Exception):
    """Nothing of the epoch is committed, and it can be played again."""


class WorkerFencedError(Exception):
    """This process can commit nothing any more."""


class TransactionsGoneError(WorkerFencedError):
    """Nor can another process: the next transaction is not there any more, or nobody knows which it is."""


class StillWaitingError(Exception):
    """The brokers do not answer; the same call is to be made again."""


def passes(error: KafkaError) -> bool:
    """Return whether the same call may succeed later."""
    return not error.fatal() and (error.retriable() or error.code() in _UNREACHABLE)


def judged(error: KafkaException) -> Exception:
    """Return what ``error`` means for this worker."""
    what: KafkaError = error.args[0]
    if passes(what):
        return StillWaitingError(f"Kafka does not answer: {what.str()}")
    return WorkerFencedError(f"Kafka refuses: {what.str()}")
