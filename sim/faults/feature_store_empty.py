"""The feature store has lost its rows."""

from collections.abc import Sequence
from typing import ClassVar

from actors.features.store import StoreRows, missing_rows
from sim.faults.feature_store_answer import FeatureStoreAnswer
from sim.faults.switch import FaultSwitch


class FeatureStoreEmpty(FeatureStoreAnswer, frozen=True, kw_only=True):
    """Look-ups succeed and find nothing, as after a restart without its data."""

    kind: ClassVar[str] = "feature_store_empty"
    summary: ClassVar[str] = "look-ups succeed and find nothing"
    seen: ClassVar[str] = "feature_store.miss_ratio at 1 while error_ratio stays 0; decisions realtime_only"
    mitigation: ClassVar[str] = "what is missing is NaN to a model trained with that, never zero; the miss-ratio alert"

    def spoil(self, rows: StoreRows, cards: Sequence[str], merchants: Sequence[str], switch: FaultSwitch) -> StoreRows:  # noqa: ARG002 - the base's signature
        """Return no rows."""
        return missing_rows(len(cards))
