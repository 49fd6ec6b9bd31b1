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
        epoch_rows: most transactions of one partition that are committed together.
    """

    kind: ClassVar[str] = "kafka"
    address: str | None = None
    epoch_rows: EpochRows = 128  # a call of the store for so many blocks it for 2 to 4 ms


class KafkaSinkConfig(SinkConfig, frozen=True, kw_only=True):
    """The decisions of a stream on Kafka, committed by the workers that take its transactions.

    Attributes:
        delivery: decisions and offsets are one transaction of Kafka's, or offsets follow the decisions: cheaper, and a
            decision may come again, on the same transaction id.
    """

    kind: ClassVar[str] = "kafka"
    delivery: Delivery = "exactly_once"


def delivery_of(sink: SinkConfig) -> Delivery:
    """Return how decisions are delivered to ``sink``: once where it does not say."""
    return sink.delivery if isinstance(sink, KafkaSinkConfig) else "exactly_once"


def epoch_rows_of(source: SourceConfig) -> int:
    """Return how many transactions of one partition are committed together, in an epoch of ``source``."""
    return source.epoch_rows if isinstance(source, KafkaSourceConfig) else KafkaSourceConfig().epoch_rows
