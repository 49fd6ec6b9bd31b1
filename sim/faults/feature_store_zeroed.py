"""The feature store answers zeros."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from actors.features.store import StoreRows
from sim.faults.feature_store_answer import FeatureStoreAnswer
from sim.faults.switch import FaultSwitch


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
