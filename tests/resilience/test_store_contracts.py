"""What stands before a feature store keeps the laws of the port itself."""

import asyncio
from collections.abc import Sequence

from actors.config import BreakerConfig, RetryConfig
from actors.contracts.feature_store import FeatureStoreContract
from actors.core.arrays import I64
from actors.core.clock import NS_PER_MS, RealClock
from actors.core.errors import FeatureStoreError
from actors.features.store import BatchTable, FeatureStore, InMemoryFeatureStore, StoreRows
from actors.resilience.breaker import CircuitBreaker
from actors.resilience.store_guard import CachedFeatureStore, GuardedFeatureStore
from actors.resilience.store_retries import HedgedFeatureStore, RetryBudget, RetryingFeatureStore
from actors.telemetry.telemetry import Telemetry


class Hanging:
    """A store whose server does not answer."""

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        await asyncio.sleep(3_600)
        raise AssertionError("nobody waits that long")


class Refusing:
    """A store whose server refuses each call."""

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        raise FeatureStoreError("connection refused")


async def published(tables: Sequence[BatchTable]) -> InMemoryFeatureStore:
    """Return a store in memory to which ``tables`` were published."""
    store = InMemoryFeatureStore()
    for each in tables:
        await store.publish(each)
    return store


def guarded(store: FeatureStore) -> FeatureStore:
    clock = RealClock()
    return GuardedFeatureStore(store, 50 * NS_PER_MS, CircuitBreaker(BreakerConfig(), clock), clock, Telemetry())


class TestGuardedFeatureStore(FeatureStoreContract):
    """Behind a timeout and a breaker."""

    async def serving(self, *tables: BatchTable) -> FeatureStore:
        return guarded(await published(tables))

    async def broken(self) -> FeatureStore:
        return guarded(Hanging())


class TestRetryingFeatureStore(FeatureStoreContract):
    """Behind retries."""

    async def serving(self, *tables: BatchTable) -> FeatureStore:
        return self.retrying(await published(tables))

    async def broken(self) -> FeatureStore:
        return self.retrying(Refusing())

    def retrying(self, store: FeatureStore) -> FeatureStore:
        return RetryingFeatureStore(store, RetryConfig(attempts=3), RealClock(), Telemetry(), RetryBudget(None, 0))


class TestCachedFeatureStore(FeatureStoreContract):
    """Behind a cache that holds fewer than are looked up."""

    async def serving(self, *tables: BatchTable) -> FeatureStore:
        return CachedFeatureStore(await published(tables), 100, Telemetry())

    async def broken(self) -> FeatureStore:
        return CachedFeatureStore(Refusing(), 100, Telemetry())


class TestAllOfThem(FeatureStoreContract):
    """Behind all that a pipeline can put before a store, in its order."""

    async def serving(self, *tables: BatchTable) -> FeatureStore:
        return self.behind_all(await published(tables))

    async def broken(self) -> FeatureStore:
        return self.behind_all(Hanging())

    def behind_all(self, store: FeatureStore) -> FeatureStore:
        budget = RetryBudget(None, 0)
        hedged = HedgedFeatureStore(store, 10 * NS_PER_MS, budget, Telemetry())
        retrying = RetryingFeatureStore(hedged, RetryConfig(attempts=3), RealClock(), Telemetry(), budget)
        return CachedFeatureStore(guarded(retrying), 100, Telemetry())
