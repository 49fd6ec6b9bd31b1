"""The refresh of the batch tier fails."""

from typing import ClassVar

from actors.errors import FeatureStoreError
from actors.features.refresh import TableStore
from actors.features.store import BatchTable
from sim.faults.fault import LastingFault
from sim.faults.port import PortFault
from sim.faults.switch import FaultSwitch


class RefreshFailure(LastingFault, PortFault[TableStore], frozen=True, kw_only=True):
    """No new table is published, so features age: stale past 9 h of event time, missing past 24 h.

    It has an effect only if a refresh falls due while it is in: at 00, 06, 12 and 18 h UTC of event time.
    """

    kind: ClassVar[str] = "refresh_failure"
    summary: ClassVar[str] = "refreshes of the batch features fail: they age, turn stale, then missing"
    seen: ClassVar[str] = "feature_store.age_s climbs; past 9 h decisions are stale, past 24 h realtime_only"
    mitigation: ClassVar[str] = "freshness is checked at every look-up; the alert on old batch features"
    touches: ClassVar[str] = "refreshes"

    def build(self, port: TableStore, switch: FaultSwitch) -> TableStore:
        """Return a store that takes no table while the fault is in."""
        return _Refusing(port, switch)


class _Refusing:
    def __init__(self, store: TableStore, switch: FaultSwitch) -> None:
        self._store = store
        self._switch = switch

    def publish(self, table: BatchTable) -> None:
        """Publish, or fail as a job does that cannot write."""
        if self._switch.strikes():
            with self._switch.effect():
                raise FeatureStoreError("the refresh failed: its table could not be written")
        self._store.publish(table)

    def newest_computed_us(self) -> int:
        """Return the age of what is served."""
        return self._store.newest_computed_us()
