"""Faults of the traffic: each changes what arrives, between the feed and the producer.

They go by the intended arrival of a transaction, not by the moment at which the producer takes it: blocks are made
ahead of time, and what is due may not depend on how far the pipeline has come. A replay without a schedule has no
intended arrivals; there a block is changed if it is taken while the fault is in.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from actors.arrays import I64, Bool
from sim.faults.fault import LastingFault
from sim.faults.port import PortFault
from sim.faults.switch import FaultSwitch
from sim.world.block import Block
from sim.world.feed import Feed


class TrafficFault(LastingFault, PortFault[Feed], frozen=True, kw_only=True):
    """A fault of what arrives. Truth and transactions of a block stay side by side whatever is done to it.

    ``probability`` is drawn for each transaction by its number.
    """

    def build(self, port: Feed, switch: FaultSwitch) -> Feed:
        """Return the feed with the fault around it."""
        return _Changed(port, self, switch)

    def reschedule(self, chunks: Iterator[I64], switch: FaultSwitch) -> Iterator[I64]:  # noqa: ARG002 - some change it
        """Return the intended arrivals that `build` makes of ``chunks``; most faults leave them as they are.

        Asked again from the start when a fault is over before its time: what counts is how far it `reaches` then.
        """
        return chunks

    @abstractmethod
    def change(self, block: Block, chosen: I64, switch: FaultSwitch) -> Block:
        """Return ``block`` with the transactions at ``chosen``, at least one row, changed."""
        ...

    def share(self) -> float:
        """Return which share of the transactions is changed, 0 to 1; drawn like ``probability``."""
        return 1.0

    def chosen(self, first: int, due_ns: I64 | None, count: int, switch: FaultSwitch) -> I64:
        """Return which rows of a block are to be changed.

        Args:
            first: number of its first transaction.
            due_ns: their intended arrivals; None without a schedule.
            count: of transactions.
            switch: of this fault.
        """
        if due_ns is None:
            inside: Bool = np.full(count, switch.active)
        else:
            inside = np.zeros(count, dtype=np.bool_)
            for inject_at, lift_at in switch.planned:
                inside |= (due_ns >= inject_at) & (due_ns < (np.inf if lift_at is None else lift_at))
        if not inside.any():
            return np.zeros(0, dtype=np.int64)
        drawn = switch.chance.of("call", first + np.arange(count))
        return np.flatnonzero(inside & (drawn < self.probability * self.share()))


class _Changed:
    """A feed with a fault around it; numbers its blocks anew, and hands out none that is empty."""

    def __init__(self, feed: Feed, fault: TrafficFault, switch: FaultSwitch) -> None:
        self._feed = feed
        self._fault = fault
        self._switch = switch
        self._taken = 0
        self._given = 0

    async def take(self) -> Block | None:
        """Return the next block with the fault's change."""
        while (block := await self._feed.take()) is not None:
            first, self._taken = self._taken, self._taken + len(block)
            block = replace(self._change(block, first), first=self._given)
            self._given += len(block)
            if len(block):
                return block
        return None

    def close(self) -> None:
        """Close the feed behind it."""
        self._feed.close()

    def _change(self, block: Block, first: int) -> Block:
        if self._switch.over:
            return block
        with self._switch.effect(0):
            chosen = self._fault.chosen(first, block.due_ns, len(block), self._switch)
            if len(chosen):
                changed = self._fault.change(block, chosen, self._switch)
                self._switch.touch_ahead(len(chosen))
                return changed
        return block
