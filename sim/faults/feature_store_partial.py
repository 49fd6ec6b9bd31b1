"""The feature store has lost a part of its keys."""

import zlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from actors.arrays import Bool
from actors.features.store import MISSING_AT, StoreRows
from sim.faults.fault import Share
from sim.faults.feature_store_answer import FeatureStoreAnswer
from sim.faults.switch import FaultSwitch


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
