"""Faults of the feature store: out of reach, silent, late or failing; its refresh fails."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Annotated, ClassVar, Literal

import msgspec

from actors.core.arrays import I64
from actors.core.clock import NS_PER_MS
from actors.core.errors import FeatureStoreError
from actors.features.refresh import TableStore
from actors.features.store import BatchTable, FeatureStore, StoreRows
from sim.faults.fault import LastingFault, Share, Wait
from sim.faults.port import PortFault
from sim.faults.switch import FaultSwitch


class FeatureStoreFault(LastingFault, PortFault[FeatureStore], frozen=True, kw_only=True):
    """A fault between the assembler and its feature store."""


class FeatureStoreOutage(FeatureStoreFault, frozen=True, kw_only=True):
    """Each look-up fails at once with "connection refused", as with no process behind the port."""

    kind: ClassVar[str] = "feature_store_outage"
    summary: ClassVar[str] = "each look-up fails at once: connection refused"
    seen: ClassVar[str] = "feature_store.error_ratio at 1, decisions realtime_only, recall falls; latency does not rise"
    mitigation: ClassVar[str] = "the ladder: a model trained with the batch tier missing; the breaker spares the store"

    def build(self, port: FeatureStore, switch: FaultSwitch) -> FeatureStore:
        """Return a store that is out of reach while the fault is in."""
        return _Unreachable(port, switch)


class _Unreachable:
    def __init__(self, store: FeatureStore, switch: FaultSwitch) -> None:
        self._store = store
        self._switch = switch

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up, or refuse the connection."""
        if self._switch.strikes():
            with self._switch.effect(len(cards)):
                raise FeatureStoreError("connection refused")
        return await self._store.lookup(cards, merchants, event_us)


class FeatureStoreTimeout(FeatureStoreFault, frozen=True, kw_only=True):
    """Look-ups hang until the fault is lifted or the caller gives up, as behind a firewall that drops packets."""

    kind: ClassVar[str] = "feature_store_timeout"
    summary: ClassVar[str] = "look-ups hang until the caller gives up"
    seen: ClassVar[str] = "each batch waits for the whole time-out, then decides realtime_only; a backlog grows"
    mitigation: ClassVar[str] = "look-up time-out, then the circuit breaker: open, no batch waits any more"

    def build(self, port: FeatureStore, switch: FaultSwitch) -> FeatureStore:
        """Return a store that does not answer while the fault is in."""
        return _SilentStore(port, switch)


class _SilentStore:
    def __init__(self, store: FeatureStore, switch: FaultSwitch) -> None:
        self._store = store
        self._switch = switch

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Hang while the fault is in, then look up."""
        if self._switch.strikes():
            with self._switch.effect(0):
                self._switch.touch(len(cards))
                await self._switch.until_lifted()
        return await self._store.lookup(cards, merchants, event_us)


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
        return _LateStore(port, switch, self)

    def of_ns(self, uniform: float) -> int:
        """Return the added time for a number in [0, 1)."""
        if self.distribution == "constant":
            return self.added
        return round(self.added * math.exp(self.sigma * _NORMAL.inv_cdf(max(uniform, _LEAST))))


class _LateStore:
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


class FeatureStoreErrors(FeatureStoreFault, frozen=True, kw_only=True):
    """A share of the look-ups fails at once, as with one bad replica among several.

    Attributes:
        ratio: share of the look-ups that fail, 0 to 1.
    """

    kind: ClassVar[str] = "feature_store_errors"
    summary: ClassVar[str] = "a share of the look-ups fails at once"
    seen: ClassVar[str] = "feature_store.error_ratio at that share, and as many decisions realtime_only"
    mitigation: ClassVar[str] = "retries within a budget of a tenth; above the breaker's limit it opens"
    ratio: Share = 0.5

    def build(self, port: FeatureStore, switch: FaultSwitch) -> FeatureStore:
        """Return a store that fails at times while the fault is in."""
        return _FailingStore(port, switch, self.ratio)


class _FailingStore:
    def __init__(self, store: FeatureStore, switch: FaultSwitch, ratio: float) -> None:
        self._store = store
        self._switch = switch
        self._ratio = ratio

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up, or fail."""
        if self._switch.strikes() and self._switch.chance.next("error") < self._ratio:
            with self._switch.effect(len(cards)):
                raise FeatureStoreError("internal error of the store")
        return await self._store.lookup(cards, merchants, event_us)


class RefreshFailure(LastingFault, PortFault[TableStore], frozen=True, kw_only=True):
    """No new table is published, so features age: stale past 9 h of event time, missing past 24 h.

    It has an effect only if a refresh falls due while it is in: at 00, 06, 12 and 18 h UTC of event time.
    """

    kind: ClassVar[str] = "refresh_failure"
    summary: ClassVar[str] = "refreshes of the batch features fail: they age, turn stale, then missing"
    seen: ClassVar[str] = "feature_store.age_s climbs; past 9 h decisions are stale, past 24 h realtime_only"
    mitigation: ClassVar[str] = "freshness is checked at every look-up; the alert on old batch features"
    touches: ClassVar[str] = "refreshes"

    def build(self, port: TableStore, switch: FaultSwitch) -> TableStore:
        """Return a store that takes no table while the fault is in."""
        return _Refusing(port, switch)


class _Refusing:
    def __init__(self, store: TableStore, switch: FaultSwitch) -> None:
        self._store = store
        self._switch = switch

    def publish(self, table: BatchTable) -> None:
        """Publish, or fail as a job does that cannot write."""
        if self._switch.strikes():
            with self._switch.effect():
                raise FeatureStoreError("the refresh failed: its table could not be written")
        self._store.publish(table)

    def newest_computed_us(self) -> int:
        """Return the age of what is served."""
        return self._store.newest_computed_us()
