"""The feature store answers late."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Annotated, ClassVar, Literal

import msgspec

from actors.arrays import I64
from actors.clock import NS_PER_MS
from actors.features.store import FeatureStore, StoreRows
from sim.faults.fault import Wait
from sim.faults.feature_store import FeatureStoreFault
from sim.faults.switch import FaultSwitch

_NORMAL = NormalDist()
_LEAST = 1e-12  # the logarithm ends at 0


class FeatureStoreLatency(FeatureStoreFault, frozen=True, kw_only=True):
    """Look-ups take longer, by a time drawn for each.

    Attributes:
        added: what a look-up takes on top; lognormal: half of them take less.
        distribution: constant, or lognormal around ``added``.
        sigma: of the logarithm; 0.5 makes p99 3.2 times the median.
    """

    kind: ClassVar[str] = "feature_store_latency"
    summary: ClassVar[str] = "look-ups take longer, by a constant or a lognormal time"
    seen: ClassVar[str] = "feature_store.p95 and latency rise together; beyond the time-out decisions are realtime_only"
    mitigation: ClassVar[str] = "look-up time-out; the breaker counts slow calls, the cache answers; a hedge for a tail"
    added: Wait = 20 * NS_PER_MS
    distribution: Literal["constant", "lognormal"] = "lognormal"
    sigma: Annotated[float, msgspec.Meta(ge=0, le=3)] = 0.5

    def build(self, port: FeatureStore, switch: FaultSwitch) -> FeatureStore:
        """Return a store that is slow while the fault is in."""
        return _Slow(port, switch, self)

    def of_ns(self, uniform: float) -> int:
        """Return the added time for a number in [0, 1)."""
        if self.distribution == "constant":
            return self.added
        return round(self.added * math.exp(self.sigma * _NORMAL.inv_cdf(max(uniform, _LEAST))))


class _Slow:
    def __init__(self, store: FeatureStore, switch: FaultSwitch, fault: FeatureStoreLatency) -> None:
        self._store = store
        self._switch = switch
        self._fault = fault

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Wait, then look up."""
        if self._switch.strikes():
            with self._switch.effect(0):
                self._switch.touch(len(cards))
                await self._switch.clock.sleep_ns(self._fault.of_ns(self._switch.chance.next("latency")))
        return await self._store.lookup(cards, merchants, event_us)
