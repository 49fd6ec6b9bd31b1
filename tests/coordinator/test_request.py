"""What the command line says of a stream, beside what the scenario says."""

import pytest

from actors.adapters.redis.address import parse_store
from actors.adapters.stores import RedisStore, kept_s
from sim.coordinator.request import on_stream
from sim.scenario.loader import parse
from sim.scenario.problems import LateProblemError
from sim.scenario.scenario import Scenario

STORE = parse_store("redis://127.0.0.1:6379")
TEXT = "version: 1\nname: small\nphases: [{name: calm, duration: 1s, rate: 50}]\n"


def scenario(*overrides: str) -> Scenario:
    return parse(TEXT, "small", overrides)


def test_the_store_of_the_command_line_is_the_pipelines() -> None:
    """Workers read from the announced scenario where state is kept, and for how long."""
    store = on_stream(scenario(), STORE).pipeline.feature_store.store
    assert store == RedisStore(address="redis://127.0.0.1:6379")
    assert kept_s(store) == 86_400


def test_what_a_scenario_says_of_its_store_holds() -> None:
    """How long state is kept, and windows and look-ups may take, is the scenario's to say."""
    said = "{kind: redis, address: 'redis://127.0.0.1:6379', kept: 2h}"
    waits = ("pipeline.assembler.windows_timeout=40ms", "pipeline.feature_store.timeout=30ms")
    whole = on_stream(scenario(f"pipeline.feature_store.store={said}", *waits), STORE)
    assert kept_s(whole.pipeline.feature_store.store) == 7_200
    assert whole.pipeline.assembler.windows_timeout_ns == 40_000_000
    assert whole.pipeline.feature_store.timeout_ns == 30_000_000


def test_waits_are_longer_where_state_is_on_a_server() -> None:
    """What is enough within a process would leave a busy server's answers unused."""
    pipeline, whole = scenario().pipeline, on_stream(scenario(), STORE).pipeline
    assert whole.assembler.windows_timeout_ns > pipeline.assembler.windows_timeout_ns
    assert whole.feature_store.timeout_ns > pipeline.feature_store.timeout_ns


def test_two_stores_are_refused() -> None:
    """Windows would be in one of them, and nobody would know in which."""
    said = "{kind: redis, address: 'redis://127.0.0.1:6380'}"
    with pytest.raises(LateProblemError, match="must be the store that --store names") as caught:
        on_stream(scenario(f"pipeline.feature_store.store={said}"), STORE)
    assert caught.value.path == "pipeline.feature_store.store.address"
