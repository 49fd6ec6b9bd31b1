"""Transactions do not arrive."""

from typing import ClassVar

from sim.faults.fault import Share
from sim.faults.traffic import VolumeFault


class TrafficVolumeDrop(VolumeFault, frozen=True, kw_only=True):
    """A share of the transactions never arrives, as when a partner upstream is cut off.

    Attributes:
        ratio: share of the transactions that are lost, 0 to 1.
    """

    kind: ClassVar[str] = "traffic_volume_drop"
    summary: ClassVar[str] = "a share of the transactions never arrives"
    seen: ClassVar[str] = "offered rate and throughput fall together; every ratio stays as it was"
    mitigation: ClassVar[str] = "none here: an alert on the offered rate, since no error will tell"
    ratio: Share = 0.8

    def share(self) -> float:
        """Return the share that is lost."""
        return self.ratio

    @property
    def times(self) -> int:
        """Never."""
        return 0
