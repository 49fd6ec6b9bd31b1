"""What the command line says of a stream, beside what the scenario says."""

from functools import partial

import pytest

from actors.adapters.kafka.address import Topics, parse_stream
from actors.adapters.redis.address import parse_store
from actors.adapters.stores import RedisStore, kept_s
from actors.adapters.streams import KafkaSinkConfig, topics_of
from sim.coordinator.request import on_stream, said_places, with_own_topics
from sim.scenario.loader import parse
from sim.scenario.pipeline import StreamSourceSettings
from sim.scenario.problems import InvalidScenarioError, LateProblemError
from sim.scenario.render import resolved
from sim.scenario.scenario import Scenario
from sim.stream.places import Places

PLACES = Places(parse_stream("kafka://127.0.0.1:19092/rd"), parse_store("redis://127.0.0.1:6379"))
TEXT = "version: 1\nname: small\nphases: [{name: calm, duration: 1s, rate: 50}]\n"


def scenario(*overrides: str) -> Scenario:
    return parse(TEXT, "small", overrides)


def test_the_servers_of_the_command_line_are_the_pipelines() -> None:
    """Workers read from the announced scenario where its ends and its state are, and for how long that is kept."""
    pipeline = on_stream(scenario(), PLACES).pipeline
    assert pipeline.source == StreamSourceSettings(address=PLACES.stream.url)
    assert pipeline.sink == KafkaSinkConfig(delivery="exactly_once")
    for store in (pipeline.feature_store.store, pipeline.windows.store):
        assert store == RedisStore(address=PLACES.store.url)
        assert kept_s(store) == 86_400


def test_a_scenario_that_was_resolved_for_a_stream_says_where_it_is() -> None:
    """It can be run again without a word on the command line, and comes to the same."""
    whole = on_stream(scenario("pipeline.sink={kind: kafka, delivery: at_least_once}"), PLACES)
    again = parse(resolved(whole), "again")
    assert again == whole
    assert said_places(again) == (PLACES.stream.url, PLACES.store.url)
    assert on_stream(again, PLACES) == whole


def test_two_streams_are_refused() -> None:
    """Transactions would be in one of them, and nobody would know in which."""
    said = "{kind: kafka, address: 'kafka://127.0.0.1:19092/other'}"
    with pytest.raises(LateProblemError, match="must be the stream that --stream names") as caught:
        on_stream(scenario(f"pipeline.source={said}"), PLACES)
    assert caught.value.path == "pipeline.source.address"


@pytest.mark.parametrize(
    "path", ["pipeline.source", "pipeline.sink", "pipeline.feature_store.store", "pipeline.windows.store"]
)
def test_servers_are_refused_on_virtual_time(path: str) -> None:
    """They know none; the refusal has the place in the file."""
    kind = "{kind: redis, address: 'redis://127.0.0.1:6379'}" if path.endswith("store") else "kafka"
    text = TEXT + "pipeline: " + "".join(f"{{{key}: " for key in path.split(".")[1:]) + kind + "}" * path.count(".")
    scenario_of = partial(parse, f"{text}\n", "small.yaml")
    assert scenario_of().clock == "real"
    with pytest.raises(InvalidScenarioError, match=rf"^small.yaml:4:\d+: {path} must be \w+ on the virtual clock"):
        scenario_of(["clock=virtual"])


def test_what_a_scenario_says_of_its_store_holds() -> None:
    """How long state is kept, and windows and look-ups may take, is the scenario's to say."""
    said = "{kind: redis, address: 'redis://127.0.0.1:6379', kept: 2h}"
    waits = ("pipeline.assembler.windows_timeout=40ms", "pipeline.feature_store.timeout=30ms")
    whole = on_stream(scenario(f"pipeline.feature_store.store={said}", *waits), PLACES)
    assert kept_s(whole.pipeline.feature_store.store) == 7_200
    assert whole.pipeline.assembler.windows_timeout_ns == 40_000_000
    assert whole.pipeline.feature_store.timeout_ns == 30_000_000


def test_waits_are_longer_where_state_is_on_a_server() -> None:
    """What is enough within a process would leave a busy server's answers unused."""
    pipeline, whole = scenario().pipeline, on_stream(scenario(), PLACES).pipeline
    assert whole.assembler.windows_timeout_ns > pipeline.assembler.windows_timeout_ns
    assert whole.feature_store.timeout_ns > pipeline.feature_store.timeout_ns


def test_two_stores_are_refused() -> None:
    """Windows would be in one of them, and nobody would know in which."""
    said = "{kind: redis, address: 'redis://127.0.0.1:6380'}"
    with pytest.raises(LateProblemError, match="must be the store that --store names") as caught:
        on_stream(scenario(f"pipeline.feature_store.store={said}"), PLACES)
    assert caught.value.path == "pipeline.feature_store.store.address"


@pytest.mark.parametrize(
    "said",
    ["{kind: kafka, topic: rd.transactions}", "{kind: kafka, topic: x, dead_letters: x}"],
    ids=["taken", "twice"],
)
def test_topics_of_other_names_must_be_apart(said: str) -> None:
    """A worker that took its own decisions for transactions would never come to an end."""
    with pytest.raises(LateProblemError, match="must be another topic") as caught:
        with_own_topics(scenario(f"pipeline.sink={said}"), PLACES)
    assert caught.value.path == "pipeline.sink.topic"


def test_topics_are_called_as_the_scenario_calls_them() -> None:
    """The others keep their names, and a worker finds those of a run in its announcement."""
    said = ("pipeline.source={kind: kafka, topic: payments}", "pipeline.sink={kind: kafka, topic: verdicts}")
    stream = with_own_topics(scenario(*said), PLACES).stream
    assert stream.topics == Topics("payments", "verdicts", "rd.dead-letters", "rd.control", "rd.labels")
    assert stream.url == PLACES.stream.url
    announced = parse(resolved(on_stream(scenario(*said), PLACES)), "announced").pipeline
    assert PLACES.stream.named(topics_of(announced.source, announced.sink)) == stream
