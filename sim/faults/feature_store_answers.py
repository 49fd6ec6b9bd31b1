"""Faults of what the feature store answers: it does, and in time, but wrongly."""

import zlib
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from actors.core.arrays import I64, Bool
from actors.features.store import MISSING_AT, FeatureStore, StoreRows, missing_rows
from sim.faults.fault import Share
from sim.faults.feature_store import FeatureStoreFault
from sim.faults.switch import FaultSwitch


class FeatureStoreAnswer(FeatureStoreFault, frozen=True, kw_only=True):
    """A fault that spoils the rows of a look-up."""

    @abstractmethod
    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str], switch: FaultSwitch) -> StoreRows:
        """Return what the store answers instead of ``rows``; those are left as they are."""
        ...

    def build(self, port: FeatureStore, switch: FaultSwitch) -> FeatureStore:
        """Return a store that answers wrongly while the fault is in."""
        return _Wrong(port, switch, self)


class _Wrong:
    def __init__(self, store: FeatureStore, switch: FaultSwitch, fault: FeatureStoreAnswer) -> None:
        self._store = store
        self._switch = switch
        self._fault = fault

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Look up, and spoil the answer."""
        strikes = self._switch.strikes()
        rows = await self._store.lookup(cards, merchants, event_us)
        if strikes:
            with self._switch.effect(0):
                spoilt = self._fault.spoil(rows, cards, merchants, self._switch)
                self._switch.touch(_differing(rows, spoilt))
                return spoilt
        return rows


def _differing(rows: StoreRows, spoilt: StoreRows) -> int:
    """Return how many transactions got another answer."""
    same = (rows.card == spoilt.card) | (np.isnan(rows.card) & np.isnan(spoilt.card))
    alike = (rows.merchant == spoilt.merchant) | (np.isnan(rows.merchant) & np.isnan(spoilt.merchant))
    unchanged = same.all(axis=1) & alike.all(axis=1)
    unchanged &= (rows.card_computed_us == spoilt.card_computed_us) & (
        rows.merchant_computed_us == spoilt.merchant_computed_us
    )
    return int(np.count_nonzero(~unchanged))


class FeatureStoreEmpty(FeatureStoreAnswer, frozen=True, kw_only=True):
    """Look-ups succeed and find nothing, as after a restart without its data."""

    kind: ClassVar[str] = "feature_store_empty"
    summary: ClassVar[str] = "look-ups succeed and find nothing"
    seen: ClassVar[str] = "feature_store.miss_ratio at 1 while error_ratio stays 0; decisions realtime_only"
    mitigation: ClassVar[str] = "what is missing is NaN to a model trained with that, never zero; the miss-ratio alert"

    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str], switch: FaultSwitch) -> StoreRows:  # noqa: ARG002 - the base's signature
        """Return no rows."""
        return missing_rows(len(cards))


class FeatureStoreZeroed(FeatureStoreAnswer, frozen=True, kw_only=True):
    """Every value is zero and looks fresh, as after a job that wrote defaults: to the model a card without a past."""

    kind: ClassVar[str] = "feature_store_zeroed"
    summary: ClassVar[str] = "look-ups answer zeros that look fresh"
    seen: ClassVar[str] = "no error and no miss; PSI of every batch feature explodes, scores shift, recall falls"
    mitigation: ClassVar[str] = "drift alerts on PSI; nothing on the way of a decision can tell"

    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str], switch: FaultSwitch) -> StoreRows:  # noqa: ARG002 - the base's signature
        """Return zeros of the same age."""
        return StoreRows(
            np.zeros_like(rows.card), rows.card_computed_us, np.zeros_like(rows.merchant), rows.merchant_computed_us
        )


class FeatureStorePartial(FeatureStoreAnswer, frozen=True, kw_only=True):
    """A share of the keys is missing, always the same ones, as with a shard that is gone.

    Attributes:
        ratio: share of the keys that are missing, 0 to 1.
    """

    kind: ClassVar[str] = "feature_store_partial"
    summary: ClassVar[str] = "a share of the keys is missing, always the same ones"
    seen: ClassVar[str] = "feature_store.miss_ratio steps up; the cards and merchants of one shard are realtime_only"
    mitigation: ClassVar[str] = "missing is told from zero, key by key; the miss-ratio alert"
    ratio: Share = 0.3

    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str], switch: FaultSwitch) -> StoreRows:
        """Return the rows of the keys that are left."""
        no_card, no_merchant = self._lost(cards, switch), self._lost(merchants, switch)
        return StoreRows(
            np.where(no_card[:, None], np.float32(np.nan), rows.card),
            np.where(no_card, MISSING_AT, rows.card_computed_us),
            np.where(no_merchant[:, None], np.float32(np.nan), rows.merchant),
            np.where(no_merchant, MISSING_AT, rows.merchant_computed_us),
        )

    def _lost(self, names: Sequence[str], switch: FaultSwitch) -> Bool:
        keys = np.array([zlib.crc32(name.encode()) for name in names], dtype=np.int64)
        lost: Bool = switch.chance.of("shard", keys) < self.ratio
        return lost


class FeatureStorePermuted(FeatureStoreAnswer, frozen=True, kw_only=True):
    """Each column has the values of its neighbour, as after a change of schema that only one side knows of."""

    kind: ClassVar[str] = "feature_store_permuted"
    summary: ClassVar[str] = "look-ups answer with columns swapped"
    seen: ClassVar[str] = "no error and no miss; PSI of the batch features jumps at once, scores become nonsense"
    mitigation: ClassVar[str] = "drift alerts on PSI; nothing on the way of a decision can tell"

    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str], switch: FaultSwitch) -> StoreRows:  # noqa: ARG002 - the base's signature
        """Return the columns one place on, the last one first."""
        return StoreRows(
            np.roll(rows.card, 1, axis=1),
            rows.card_computed_us,
            np.roll(rows.merchant, 1, axis=1),
            rows.merchant_computed_us,
        )
