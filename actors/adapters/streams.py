"""A pipeline's ends on a stream, as a scenario says them; reading one imports no client.

Workers have these ends. In a run of one process they are refused, for nobody would be there to commit.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

from actors.output.sinks import SinkConfig
from actors.source import SourceConfig

Delivery = Literal["exactly_once", "at_least_once"]
EpochRows = Annotated[int, msgspec.Meta(ge=1, le=2_048)]


class KafkaSourceConfig(SourceConfig, frozen=True, kw_only=True):
    """The transactions of a stream on Kafka, taken by workers.

    Attributes:
        address: of the stream, as in kafka://127.0.0.1:19092/riskdrill; absent is the one that --stream names.
        topic: that they are in; absent is the prefix of the stream and .transactions.
        epoch_rows: most transactions of one partition that are committed together.
    """

    kind: ClassVar[str] = "kafka"
    address: str | None = None
    topic: str | None = None
    epoch_rows: EpochRows = 128  # a call of the store for so many blocks it for 2 to 4 ms


class KafkaSinkConfig(SinkConfig, frozen=True, kw_only=True):
    """The decisions of a stream on Kafka, committed by the workers that take its transactions.

    Attributes:
        delivery: decisions and offsets are one transaction of Kafka's, or offsets follow the decisions: cheaper, and a
            decision may come again, on the same transaction id.
        topic: that they go to; absent is the prefix of the stream and .decisions.
        dead_letters: topic that what cannot be handled goes to; absent is the prefix and .dead-letters.
    """

    kind: ClassVar[str] = "kafka"
    delivery: Delivery = "exactly_once"
    topic: str | None = None
    dead_letters: str | None = None


def delivery_of(sink: SinkConfig) -> Delivery:
    """Return how decisions are delivered to ``sink``: once where it does not say."""
    return sink.delivery if isinstance(sink, KafkaSinkConfig) else "exactly_once"


def epoch_rows_of(source: SourceConfig) -> int:
    """Return how many transactions of one partition are committed together, in an epoch of ``source``."""
    return source.epoch_rows if isinstance(source, KafkaSourceConfig) else KafkaSourceConfig().epoch_rows


def topics_of(source: SourceConfig, sink: SinkConfig) -> dict[str, str]:
    """Return the names of topics that a scenario gives itself, by what is in them."""
    names = {
        "transactions": source.topic if isinstance(source, KafkaSourceConfig) else None,
        "decisions": sink.topic if isinstance(sink, KafkaSinkConfig) else None,
        "dead_letters": sink.dead_letters if isinstance(sink, KafkaSinkConfig) else None,
    }
    return {what: name for what, name in names.items() if name is not None}
