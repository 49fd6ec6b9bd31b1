"""The feature store does not answer."""

from collections.abc import Sequence
from typing import ClassVar

from actors.arrays import I64
from actors.features.store import FeatureStore, StoreRows
from sim.faults.feature_store import FeatureStoreFault
from sim.faults.switch import FaultSwitch


class FeatureStoreTimeout(FeatureStoreFault, frozen=True, kw_only=True):
    """Look-ups hang until the fault is lifted or the caller gives up, as behind a firewall that drops packets."""

    kind: ClassVar[str] = "feature_store_timeout"
    summary: ClassVar[str] = "look-ups hang until the caller gives up"
    seen: ClassVar[str] = "each batch waits for the whole time-out, then decides realtime_only; a backlog grows"
    mitigation: ClassVar[str] = "look-up time-out, then the circuit breaker: open, no batch waits any more"

    def build(self, port: FeatureStore, switch: FaultSwitch) -> FeatureStore:
        """Return a store that does not answer while the fault is in."""
        return _Silent(port, switch)


class _Silent:
    def __init__(self, store: FeatureStore, switch: FaultSwitch) -> None:
        self._store = store
        self._switch = switch

    async def lookup(self, cards: Sequence[str], merchants: Sequence[str], event_us: I64) -> StoreRows:
        """Hang while the fault is in, then look up."""
        if self._switch.strikes():
            with self._switch.effect(0):
                self._switch.touch(len(cards))
                await self._switch.until_lifted()
        return await self._store.lookup(cards, merchants, event_us)
