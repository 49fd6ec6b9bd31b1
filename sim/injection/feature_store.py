"""Injectors of the feature store: look-ups fail, hang, are late or answer wrongly; its refresh fails."""

import math
import zlib
from abc import abstractmethod
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from actors.core.arrays import I64, Bool
from actors.core.errors import FeatureStoreError
from actors.features.refresh import TableStore
from actors.features.store import MISSING_AT, BatchTable, FeatureStore, StoreRows, missing_rows
from sim.faults.feature_store import (
    FeatureStoreEmpty,
    FeatureStoreErrors,
    FeatureStoreLatency,
    FeatureStoreOutage,
    FeatureStorePartial,
    FeatureStorePermuted,
    FeatureStoreTimeout,
    FeatureStoreZeroed,
    RefreshFailure,
)
from sim.injection.injector import Injector


class StoreInjector(Injector):
    """Stands between the assembler and its feature store.

    Attributes:
        store: the one behind it.
    """

    store: FeatureStore

    def around_store(self, store: FeatureStore) -> FeatureStore:
        """Take its look-ups."""
        self.store = store
        return self

    @abstractmethod
    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up, or do harm."""
        ...


class UnreachableStore(StoreInjector):
    """Refuses connections."""

    fault: FeatureStoreOutage

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up, or refuse the connection."""
        if self.switch.strikes():
            with self.switch.effect(len(cards)):
                raise FeatureStoreError("connection refused")
        return await self.store.lookup(cards, merchants, event_us)


class SilentStore(StoreInjector):
    """Does not answer."""

    fault: FeatureStoreTimeout

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Hang while the fault is in, then look up."""
        if self.switch.strikes():
            with self.switch.effect(0):
                self.switch.touch(len(cards))
                await self.switch.until_lifted()
        return await self.store.lookup(cards, merchants, event_us)


_NORMAL = NormalDist()
_LEAST = 1e-12  # the logarithm ends at 0


class LateStore(StoreInjector):
    """Answers after a while."""

    fault: FeatureStoreLatency

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Wait, then look up."""
        if self.switch.strikes():
            with self.switch.effect(0):
                self.switch.touch(len(cards))
                await self.switch.clock.sleep_ns(added_ns(self.fault, self.switch.chance.next("latency")))
        return await self.store.lookup(cards, merchants, event_us)


def added_ns(fault: FeatureStoreLatency, uniform: float) -> int:
    """Return the added time of a look-up for a number in [0, 1)."""
    if fault.distribution == "constant":
        return fault.added
    return round(fault.added * math.exp(fault.sigma * _NORMAL.inv_cdf(max(uniform, _LEAST))))


class FailingStore(StoreInjector):
    """Fails at times."""

    fault: FeatureStoreErrors

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up, or fail."""
        if self.switch.strikes() and self.switch.chance.next("error") < self.fault.ratio:
            with self.switch.effect(len(cards)):
                raise FeatureStoreError("internal error of the store")
        return await self.store.lookup(cards, merchants, event_us)


class WrongStore(StoreInjector):
    """Answers in time, and wrongly."""

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up, and spoil the answer."""
        strikes = self.switch.strikes()
        rows = await self.store.lookup(cards, merchants, event_us)
        if strikes:
            with self.switch.effect(0):
                spoilt = self.spoil(rows, cards, merchants)
                self.switch.touch(_differing(rows, spoilt))
                return spoilt
        return rows

    @abstractmethod
    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:
        """Return what the store answers instead of ``rows``; those are left as they are."""
        ...


def _differing(rows: StoreRows, spoilt: StoreRows) -> int:
    """Return how many transactions got another answer."""
    same = (rows.card == spoilt.card) | (np.isnan(rows.card) & np.isnan(spoilt.card))
    alike = (rows.merchant == spoilt.merchant) | (np.isnan(rows.merchant) & np.isnan(spoilt.merchant))
    unchanged = same.all(axis=1) & alike.all(axis=1)
    unchanged &= (rows.card_computed_us == spoilt.card_computed_us) & (
        rows.merchant_computed_us == spoilt.merchant_computed_us
    )
    return int(np.count_nonzero(~unchanged))


class EmptyStore(WrongStore):
    """Finds nothing."""

    fault: FeatureStoreEmpty

    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:  # noqa: ARG002 - the base's signature
        """Return no rows."""
        return missing_rows(len(cards))


class ZeroedStore(WrongStore):
    """Finds zeros of the right age."""

    fault: FeatureStoreZeroed

    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:  # noqa: ARG002 - the base's signature
        """Return zeros of the same age."""
        return StoreRows(
            np.zeros_like(rows.card), rows.card_computed_us, np.zeros_like(rows.merchant), rows.merchant_computed_us
        )


class PartialStore(WrongStore):
    """Lacks the keys of one shard."""

    fault: FeatureStorePartial

    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:
        """Return the rows of the keys that are left."""
        no_card, no_merchant = self._lost(cards), self._lost(merchants)
        return StoreRows(
            np.where(no_card[:, None], np.float32(np.nan), rows.card),
            np.where(no_card, MISSING_AT, rows.card_computed_us),
            np.where(no_merchant[:, None], np.float32(np.nan), rows.merchant),
            np.where(no_merchant, MISSING_AT, rows.merchant_computed_us),
        )

    def _lost(self, names: Sequence[str]) -> Bool:
        keys = np.array([zlib.crc32(name.encode()) for name in names], dtype=np.int64)
        lost: Bool = self.switch.chance.of("shard", keys) < self.fault.ratio
        return lost


class PermutedStore(WrongStore):
    """Has its columns in another order."""

    fault: FeatureStorePermuted

    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str]) -> StoreRows:  # noqa: ARG002 - the base's signature
        """Return the columns one place on, the last one first."""
        return StoreRows(
            np.roll(rows.card, 1, axis=1),
            rows.card_computed_us,
            np.roll(rows.merchant, 1, axis=1),
            rows.merchant_computed_us,
        )


class UnwritableStore(Injector):
    """Takes no table from the refresh."""

    fault: RefreshFailure
    _store: TableStore

    def around_refresh(self, store: TableStore) -> TableStore:
        """Take what is published."""
        self._store = store
        return self

    async def publish(self, table: BatchTable) -> None:
        """Publish, or fail as a job does that cannot write."""
        if self.switch.strikes():
            with self.switch.effect():
                raise FeatureStoreError("the refresh failed: its table could not be written")
        await self._store.publish(table)

    def newest_computed_us(self) -> int:
        """Return the age of what is served."""
        return self._store.newest_computed_us()
