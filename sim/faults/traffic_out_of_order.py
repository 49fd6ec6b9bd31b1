"""Transactions overtake each other."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from actors.arrays import F64, I64
from actors.clock import NS_PER_MS
from sim.faults.fault import Share, Wait
from sim.faults.switch import FaultSwitch
from sim.faults.traffic import TrafficFault, rows_of
from sim.world.block import Block

_PLACES_NS = NS_PER_MS  # how far apart transactions count as where there is no schedule


class TrafficOutOfOrder(TrafficFault, frozen=True, kw_only=True):
    """A share of the transactions is held up and arrives after later ones; instants of arrival are the schedule's.

    None is held up beyond the fault, nor beyond the end of its block, which has 2,048 transactions.

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

    def change(self, block: Block, chosen: I64, switch: FaultSwitch) -> Block:
        """Let the chosen transactions slip behind later ones."""
        due = np.arange(len(block)) * _PLACES_NS if block.due_ns is None else block.due_ns
        arrives: F64 = due.astype(np.float64)
        late = switch.chance.of("delay", block.first + chosen) * self.delay
        arrives[chosen] = np.minimum(arrives[chosen] + late, _ends_of(due[chosen], switch) - 1)
        moved = rows_of(block, np.argsort(arrives, kind="stable"))
        return replace(moved, due_ns=block.due_ns, event_us=block.event_us)


def _ends_of(due_ns: I64, switch: FaultSwitch) -> F64:
    """Return for each instant when the injection around it is lifted, float64 (n,); infinite outside."""
    ends = np.full(len(due_ns), np.inf)
    for inject_at, lift_at in switch.planned:
        ends[(due_ns >= inject_at) & (due_ns < (lift_at or np.inf))] = lift_at or np.inf
    return ends
