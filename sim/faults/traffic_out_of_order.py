"""Transactions overtake each other."""

from typing import ClassVar

import numpy as np

from actors.arrays import I64
from actors.clock import NS_PER_MS
from sim.faults.arrivals import Arranged, ArrivalFault, Span
from sim.faults.chance import Chance
from sim.faults.fault import Share, Wait


class TrafficOutOfOrder(ArrivalFault, frozen=True, kw_only=True):
    """A share of the transactions is held up on the way and arrives after later ones, none of them after the lift.

    The schedule counts each when it arrives, so that the time on the way is no latency of the pipeline.

    Attributes:
        ratio: share of the transactions that are held up, 0 to 1.
        delay: the longest time that one is held up; each by a random part of it.
    """

    kind: ClassVar[str] = "traffic_out_of_order"
    summary: ClassVar[str] = "a share of the transactions arrives after later ones"
    seen: ClassVar[str] = "event times go back and forth; velocity features blur a little"
    mitigation: ClassVar[str] = "windows take late events in; ages below zero count as zero"
    ratio: Share = 0.2
    delay: Wait = 500 * NS_PER_MS

    def share(self) -> float:
        """Return the share that is held up."""
        return self.ratio

    def arrange(self, span: Span, chosen: I64, chance: Chance) -> Arranged:
        """Let the chosen transactions slip behind later ones."""
        due_ns = span.due_ns.copy()
        late_ns = chance.of("delay", span.first + chosen) * self.delay
        due_ns[chosen] = np.minimum(due_ns[chosen] + late_ns, span.end_ns[chosen] - 1).astype(np.int64)
        return Arranged(np.arange(len(due_ns)), due_ns)
