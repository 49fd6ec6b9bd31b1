"""The feature store refuses every connection."""

from collections.abc import Sequence
from typing import ClassVar

from actors.arrays import I64
from actors.errors import FeatureStoreError
from actors.features.store import FeatureStore, StoreRows
from sim.faults.feature_store import FeatureStoreFault
from sim.faults.switch import FaultSwitch


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
