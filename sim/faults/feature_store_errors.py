"""The feature store answers some look-ups with an error."""

from collections.abc import Sequence
from typing import ClassVar

from actors.arrays import I64
from actors.errors import FeatureStoreError
from actors.features.store import FeatureStore, StoreRows
from sim.faults.fault import Share
from sim.faults.feature_store import FeatureStoreFault
from sim.faults.switch import FaultSwitch


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
        return _Failing(port, switch, self.ratio)


class _Failing:
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
