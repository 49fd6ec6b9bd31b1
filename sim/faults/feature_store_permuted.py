"""The feature store answers with its columns swapped."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from actors.features.store import StoreRows
from sim.faults.feature_store_answer import FeatureStoreAnswer
from sim.faults.switch import FaultSwitch


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
