"""Faults of what the feature store answers: it does, and in time, but wrongly."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from actors.arrays import I64
from actors.features.store import FeatureStore, StoreRows
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
