"""Transactions do not arrive."""

from typing import ClassVar

import numpy as np

from actors.arrays import I64
from sim.faults.arrivals import Arranged, ArrivalFault, Span
from sim.faults.chance import Chance
from sim.faults.fault import Share


class TrafficVolumeDrop(ArrivalFault, frozen=True, kw_only=True):
    """A share of the transactions never arrives, as when a partner upstream is cut off.

    Attributes:
        ratio: share of the transactions that are lost, 0 to 1.
    """

    kind: ClassVar[str] = "traffic_volume_drop"
    summary: ClassVar[str] = "a share of the transactions never arrives"
    seen: ClassVar[str] = "offered rate and throughput fall together; every ratio stays as it was"
    mitigation: ClassVar[str] = "none here: a rule on offered_rate, which a scenario brings, since no error will tell"
    ratio: Share = 0.8

    def share(self) -> float:
        """Return the share that is lost."""
        return self.ratio

    def arrange(self, span: Span, chosen: I64, chance: Chance) -> Arranged:  # noqa: ARG002 - the base's signature
        """Leave the chosen out."""
        rows = np.delete(np.arange(len(span.due_ns)), chosen)
        return Arranged(rows, span.due_ns[rows])
