"""The pipeline section of a scenario: the settings of `actors.config`, and what only the simulator has to say.

The ends of the pipeline are among it: in a run there is always traffic of a known truth before the source, and a caller
behind the sink who holds decisions against that truth.
"""

from typing import Annotated, ClassVar, Final, Literal

import msgspec

from actors.adapters.stores import STORES, MemoryStore, RedisStore, StoreConfig
from actors.adapters.streams import KafkaSinkConfig, KafkaSourceConfig
from actors.config import FeatureStoreConfig, PipelineConfig
from actors.output.sinks import SinkConfig
from actors.source import SourceConfig
from sim.scalars import Duration, Timezone, Variants
from sim.scenario.events import EventColumns
from sim.units import NS_PER


class LookUp(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution of times; ``kind`` is its name in a file.

    Attributes:
        tail_ratio: share of look-ups that hit something slow, such as a fail-over, 0 to 1.
        tail: what those take on top.
    """

    kind: ClassVar[str] = ""
    tail_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    tail: Duration = 20 * NS_PER["ms"]


class ConstantLookUp(LookUp, frozen=True, kw_only=True):
    """Every look-up takes as long as any other.

    Attributes:
        time: of each.
    """

    kind: ClassVar[str] = "constant"
    time: Duration = 400 * NS_PER["us"]


class LognormalLookUp(LookUp, frozen=True, kw_only=True):
    """Half take less than the median, few take much more: what a store over a network looks like.

    Attributes:
        median: half of the look-ups take less.
        sigma: of the logarithm, 0 to 3; 0.5 makes p99 3.2 times the median.
    """

    kind: ClassVar[str] = "lognormal"
    median: Annotated[Duration, msgspec.Meta(gt=0)] = 400 * NS_PER["us"]  # one MGET over a local network
    sigma: Annotated[float, msgspec.Meta(ge=0, le=3)] = 0.4


LOOK_UPS: dict[str, type[LookUp]] = {each.kind: each for each in (ConstantLookUp, LognormalLookUp)}


class FeatureStoreSettings(FeatureStoreConfig, frozen=True, kw_only=True):
    """The look-up of batch features.

    Attributes:
        look_up: how long a look-up takes, on either clock; absent is as long as the store in memory needs.
        store: where the rows are.
    """

    look_up: Annotated[LookUp, Variants(LOOK_UPS, shorthand=True)] | None = None
    store: Annotated[StoreConfig, Variants(STORES, shorthand=True)] = MemoryStore()


class FeedSourceSettings(SourceConfig, frozen=True, kw_only=True):
    """The run's own traffic, generated or replayed, handed over in this process."""

    kind: ClassVar[str] = "feed"


class CallerSink(SinkConfig, frozen=True, kw_only=True):
    """The run's own caller, in this process: it takes every decision at once."""

    kind: ClassVar[str] = "caller"


class StreamSourceSettings(KafkaSourceConfig, frozen=True, kw_only=True, rename={"from_": "from"}):
    """The transactions of a stream on Kafka: ours, or other people's messages with a map.

    Attributes:
        columns: which name of a message holds which field of a transaction, as for a file; parts of a name that lies
            within objects are joined by dots. Absent: the messages are ours, sent by `run` or `produce`.
        timezone: of times without an offset.
        from_: whether a run takes messages from now on, or from the first one that the topic still has.
    """

    columns: EventColumns | None = None
    timezone: Timezone = "UTC"
    from_: Literal["now", "earliest"] = "now"


# An adapter's config joins here.
SOURCES: dict[str, type[SourceConfig]] = {each.kind: each for each in (FeedSourceSettings, StreamSourceSettings)}
SINKS: dict[str, type[SinkConfig]] = {each.kind: each for each in (CallerSink, KafkaSinkConfig)}


class WindowsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What cards, merchants and devices did lately, and which ids came already.

    Attributes:
        store: where it is kept.
    """

    store: Annotated[StoreConfig, Variants(STORES, shorthand=True)] = MemoryStore()


class PipelineSettings(PipelineConfig, frozen=True, kw_only=True):
    """The pipeline under test.

    Attributes:
        source: where it takes its transactions from.
        sink: where it delivers its decisions, beside the decision log.
    """

    source: Annotated[SourceConfig, Variants(SOURCES, shorthand=True)] = FeedSourceSettings()
    sink: Annotated[SinkConfig, Variants(SINKS, shorthand=True)] = CallerSink()
    feature_store: FeatureStoreSettings = FeatureStoreSettings()
    windows: WindowsSettings = WindowsSettings()


TOPIC_KEYS: Final = {
    "transactions": "pipeline.source.topic",
    "decisions": "pipeline.sink.topic",
    "dead_letters": "pipeline.sink.dead_letters",
}
"""Where a scenario names the topics of its stream, by what is in them."""
NOTHING_PRODUCED: Final = "nothing is produced where pipeline.source maps what others write"


def mapped_source(pipeline: PipelineSettings) -> StreamSourceSettings | None:
    """Return the source of ``pipeline`` if that takes other people's messages, None otherwise."""
    source = pipeline.source
    return source if isinstance(source, StreamSourceSettings) and source.columns is not None else None


def on_servers(pipeline: PipelineSettings) -> dict[str, tuple[str, str]]:
    """Return the places of ``pipeline`` at which a server stands: its kind, and the kind that needs no server."""
    kinds = (KafkaSourceConfig, KafkaSinkConfig, RedisStore)
    places = {
        "pipeline.source": (pipeline.source, FeedSourceSettings.kind),
        "pipeline.sink": (pipeline.sink, CallerSink.kind),
        "pipeline.feature_store.store": (pipeline.feature_store.store, MemoryStore.kind),
        "pipeline.windows.store": (pipeline.windows.store, MemoryStore.kind),
    }
    return {path: (said.kind, own) for path, (said, own) in places.items() if isinstance(said, kinds)}
