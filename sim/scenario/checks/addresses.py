"""The servers and topics that a scenario names: each address is one, and holds no password; topics can be called so."""

from collections.abc import Callable, Iterator

import msgspec

from actors.adapters.kafka.address import check_topic, parse_stream
from actors.adapters.redis.address import parse_store
from actors.adapters.stores import RedisStore
from actors.adapters.streams import KafkaSourceConfig, topics_of
from actors.core.errors import InputError
from sim.scenario.checks.view import View
from sim.scenario.pipeline import TOPIC_KEYS
from sim.scenario.problems import Problem


def check_addresses(view: View) -> Iterator[Problem]:
    """Yield a problem for each address that is none, or has what must be kept secret, and for no topic's name."""
    pipeline = view.scenario.pipeline
    if isinstance(pipeline.source, KafkaSourceConfig) and pipeline.source.address is not None:
        yield from _wrong(view, "pipeline.source.address", pipeline.source.address, parse_stream)
    for part, store in (("feature_store", pipeline.feature_store.store), ("windows", pipeline.windows.store)):
        if isinstance(store, RedisStore) and store.address is not None:
            yield from _wrong(view, f"pipeline.{part}.store.address", store.address, parse_store)
    for what, name in topics_of(pipeline.source, pipeline.sink).items():
        try:
            check_topic(name)
        except ValueError as error:
            yield view.problem(TOPIC_KEYS[what], str(error), remedy="choose another")


def _wrong(view: View, path: str, address: str, parse: Callable[..., object]) -> Iterator[Problem]:
    try:
        parse(address, place="")
    except InputError as error:
        rule, _, remedy = str(error).removeprefix(f" {address}").removeprefix(": ").partition("; ")
        problem = view.problem(path, f"is not usable: {rule}", remedy=remedy)
        yield msgspec.structs.replace(problem, got="")  # the rule repeats as much of it as may be shown
