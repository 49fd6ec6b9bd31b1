"""What the command line says of a run on a stream, checked against the scenario before anything is started."""

import dataclasses
import math
from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec.structs import replace

from actors.adapters.kafka.address import parse_stream
from actors.adapters.redis.address import StoreAddress, parse_store
from actors.adapters.stores import RedisStore, StoreConfig
from actors.adapters.streams import KafkaSinkConfig, KafkaSourceConfig, topics_of
from actors.config import AssemblerConfig, FeatureStoreConfig
from actors.core.clock import NS_PER_MS
from dashboard.frame import Notice
from sim.coordinator.composition import compose_stream
from sim.coordinator.stream_workers import StreamRequest, check_servers
from sim.run.execution import Compose
from sim.scenario.pipeline import TOPIC_KEYS, CallerSink, FeedSourceSettings, StreamSourceSettings, mapped_source
from sim.scenario.problems import LateProblemError
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Cut
from sim.stream.fault_places import check_faults
from sim.stream.places import Places

WINDOWS_TIMEOUT_NS: Final = 250 * NS_PER_MS  # as long as a call of the store may take; in process it is 5 ms
LOOKUP_TIMEOUT_NS: Final = 100 * NS_PER_MS  # a batch of hundreds of rows takes 3 to 30 ms on a busy machine


class StreamPlace:
    """Has a run carried out by workers on a stream.

    Args:
        request: what the command line says.

    Attributes:
        request: that, and what the scenario says of the stream once it was checked.
    """

    def __init__(self, request: StreamRequest) -> None:
        self.request = request

    def check(self, shorter: Cut) -> Cut:
        """Return the scenario as it is run on a stream, once both servers have answered.

        Raises:
            LateProblemError: the scenario asks for what a stream does not have.
            InputError: a server cannot be used, or another run has work left on it.
            MachineError: a server does not answer.
        """
        scenario = shorter.scenario
        check_scenario(scenario)
        places = self.request.places
        whole = on_stream(scenario, places)
        mapped = mapped_source(whole.pipeline) is not None
        self.request = dataclasses.replace(self.request, places=with_own_topics(whole, places), mapped=mapped)
        check_servers(self.request)
        return replace(shorter, scenario=whole)

    def compose(self, show: Callable[[Notice], None]) -> Compose:
        """Return what puts the run together."""
        return partial(compose_stream, self.request, show)


def check_scenario(scenario: Scenario) -> None:
    """Check that ``scenario`` can run on a stream.

    Raises:
        LateProblemError: it cannot.
    """
    if scenario.clock == "virtual":
        raise LateProblemError("clock", "must be real on a stream: servers do not know virtual time", "virtual")
    if scenario.events is not None and math.isinf(scenario.events.speed):
        rule = "must be a number on a stream, so that each transaction has an instant at which it is due"
        raise LateProblemError("events.speed", rule, "max", "add --set events.speed=1")
    check_faults(scenario)


def on_stream(scenario: Scenario, places: Places) -> Scenario:
    """Return ``scenario`` as workers run it: its ends on the stream, its state in the store, and time to wait for it.

    What it says itself stays: how decisions are delivered, how long state is kept, how long windows and look-ups may
    take.

    Raises:
        LateProblemError: it names another stream or store.
    """
    pipeline = scenario.pipeline
    source, sink, assembler = pipeline.source, pipeline.sink, pipeline.assembler
    if isinstance(source, FeedSourceSettings):
        source = StreamSourceSettings()
    if isinstance(sink, CallerSink):
        sink = KafkaSinkConfig()
    for path, said in (("pipeline.source", source), ("pipeline.sink", sink)):
        if not isinstance(said, KafkaSourceConfig | KafkaSinkConfig):
            raise LateProblemError(path, "must be kafka on a stream", said.kind, "leave it out")
    if isinstance(source, KafkaSourceConfig):
        path, ours = "pipeline.source.address", places.stream.url
        if source.address is not None and parse_stream(source.address, place=path).url != ours:
            raise _another(path, source.address, "stream", ours)
        source = replace(source, address=ours)
    if assembler.windows_timeout_ns == AssemblerConfig().windows_timeout_ns:
        assembler = replace(assembler, windows_timeout_ns=WINDOWS_TIMEOUT_NS)
    kept = partial(_kept, store=places.store)
    features = replace(pipeline.feature_store, store=kept(pipeline.feature_store.store, "pipeline.feature_store.store"))
    if features.timeout_ns == FeatureStoreConfig().timeout_ns:
        features = replace(features, timeout_ns=LOOKUP_TIMEOUT_NS)
    windows = replace(pipeline.windows, store=kept(pipeline.windows.store, "pipeline.windows.store"))
    ends = replace(pipeline, source=source, sink=sink)
    return replace(scenario, pipeline=replace(ends, assembler=assembler, feature_store=features, windows=windows))


def with_own_topics(scenario: Scenario, places: Places) -> Places:
    """Return ``places`` with the stream's topics called as ``scenario`` calls them.

    Raises:
        LateProblemError: one cannot be used.
    """
    names = topics_of(scenario.pipeline.source, scenario.pipeline.sink)
    try:
        stream = places.stream.named(names)
    except ValueError as error:
        rule, wrong = error.args
        path = next(TOPIC_KEYS[what] for what, name in names.items() if name == wrong)
        raise LateProblemError(path, rule, wrong, "choose another") from error
    return Places(stream, places.store)


def _kept(said: StoreConfig, path: str, store: StoreAddress) -> RedisStore:
    """Return where workers keep state whose place a scenario says at ``path``: in ``store``."""
    if not isinstance(said, RedisStore):
        return RedisStore(address=store.url)
    if parse_store(said.address, f"{path}.address").url != store.url:
        raise _another(f"{path}.address", said.address, "store", store.url)
    return said


def _another(path: str, said: str, what: str, ours: str) -> LateProblemError:
    rule, remedy = f"must be the {what} that --{what} names, {ours}", "leave one of the two out, or make them equal"
    return LateProblemError(path, rule, said, remedy)


def said_places(scenario: Scenario) -> tuple[str | None, str | None]:
    """Return the addresses of the stream and the store that ``scenario`` names itself, None where it names none."""
    pipeline = scenario.pipeline
    source, stores = pipeline.source, (pipeline.feature_store.store, pipeline.windows.store)
    stream = source.address if isinstance(source, KafkaSourceConfig) else None
    return stream, next((each.address for each in stores if isinstance(each, RedisStore)), None)
