"""What the command line says of a run on a stream, checked against the scenario before anything is started."""

import math
from collections.abc import Callable
from functools import partial
from typing import Final

from msgspec.structs import replace

from actors.adapters.redis.address import StoreAddress, parse_store
from actors.adapters.stores import RedisStore
from actors.config import AssemblerConfig, FeatureStoreConfig
from actors.core.clock import NS_PER_MS
from dashboard.frame import Notice
from sim.coordinator.composition import compose_stream
from sim.coordinator.stream_workers import StreamRequest, check_servers
from sim.run.execute import Compose
from sim.scenario.problems import LateProblemError
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Cut
from sim.stream.fault_places import check_faults

WINDOWS_TIMEOUT_NS: Final = 250 * NS_PER_MS  # as long as a call of the store may take; in process it is 5 ms
LOOKUP_TIMEOUT_NS: Final = 100 * NS_PER_MS  # a batch of hundreds of rows takes 3 to 30 ms on a busy machine


class StreamPlace:
    """Has a run carried out by workers on a stream.

    Args:
        request: what the command line says.
    """

    def __init__(self, request: StreamRequest) -> None:
        self._request = request

    def check(self, shorter: Cut) -> Cut:
        """Return the scenario as it is run on a stream, once both servers have answered.

        Raises:
            LateProblemError: the scenario asks for what a stream does not have.
            InputError: a server cannot be used, or another run has work left on it.
            MachineError: a server does not answer.
        """
        scenario = shorter.scenario
        check_scenario(scenario)
        whole = on_stream(scenario, self._request.places.store)
        check_servers(self._request)
        return replace(shorter, scenario=whole)

    def compose(self, show: Callable[[Notice], None]) -> Compose:
        """Return what puts the run together."""
        return partial(compose_stream, self._request, show)


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


def on_stream(scenario: Scenario, store: StoreAddress) -> Scenario:
    """Return ``scenario`` as workers run it: with its state in ``store``, and the waits that a server needs.

    What it says itself stays: how long state is kept, and how long windows and look-ups may take.

    Raises:
        LateProblemError: it names another store.
    """
    pipeline = scenario.pipeline
    kept, assembler = pipeline.feature_store.store, pipeline.assembler
    if not isinstance(kept, RedisStore):
        kept = RedisStore(address=store.url)
    elif parse_store(kept.address, "pipeline.feature_store.store.address").url != store.url:
        rule, remedy = (
            f"must be the store that --store names, {store.url}",
            "leave one of the two out, or make them equal",
        )
        raise LateProblemError("pipeline.feature_store.store.address", rule, kept.address, remedy)
    if assembler.windows_timeout_ns == AssemblerConfig().windows_timeout_ns:
        assembler = replace(assembler, windows_timeout_ns=WINDOWS_TIMEOUT_NS)
    features = replace(pipeline.feature_store, store=kept)
    if features.timeout_ns == FeatureStoreConfig().timeout_ns:
        features = replace(features, timeout_ns=LOOKUP_TIMEOUT_NS)
    return replace(scenario, pipeline=replace(pipeline, assembler=assembler, feature_store=features))
