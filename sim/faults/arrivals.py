"""Faults of when and how often transactions arrive: what is due changes with them, so the schedule follows."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from actors.arrays import F64, I64
from actors.clock import NS_PER_MS
from sim.faults.blocks import joined, rows_of
from sim.faults.chance import Chance
from sim.faults.switch import FaultSwitch
from sim.faults.traffic import TrafficFault
from sim.money import UNKNOWN
from sim.world.block import Block
from sim.world.feed import Feed

_PLACE_NS = NS_PER_MS  # how far apart transactions count as where there is no schedule


@dataclass(frozen=True, slots=True)
class Span:
    """Some consecutive transactions, as far as it matters for when they arrive.

    Attributes:
        first: number of the first one.
        due_ns: int64 (n,), intended arrivals, not decreasing.
        end_ns: float64 (n,), when the injection around each is lifted; infinite outside.
    """

    first: int
    due_ns: I64
    end_ns: F64


@dataclass(frozen=True, slots=True)
class Arranged:
    """Which of a span's transactions arrive, and when.

    Attributes:
        rows: int64 (m,), places in the span; a place that is named again is a copy.
        due_ns: int64 (m,), when each arrives; never earlier than it was due.
    """

    rows: I64
    due_ns: I64


class ArrivalFault(TrafficFault, frozen=True, kw_only=True):
    """A fault that lets transactions arrive later, or another number of times than once."""

    @abstractmethod
    def arrange(self, span: Span, chosen: I64, chance: Chance) -> Arranged:
        """Return what arrives of ``span`` if the rows at ``chosen`` are struck; the same whenever it is asked."""
        ...

    def change(self, block: Block, chosen: I64, switch: FaultSwitch) -> Block:  # noqa: ARG002 - the base's signature
        """Return ``block``: no document is changed."""
        return block

    def build(self, port: Feed, switch: FaultSwitch) -> Feed:
        """Return the feed with its transactions rearranged."""
        return _Rearranged(port, self, switch)

    def reschedule(self, chunks: Iterator[I64], switch: FaultSwitch) -> Iterator[I64]:
        """Return the intended arrivals that the feed makes of ``chunks``."""
        first = 0
        waiting: I64 = np.zeros(0, dtype=np.int64)
        for due_ns in chunks:
            arrives = due_ns
            with switch.effect(0):
                arrives = self.arranged(first, due_ns, due_ns, switch).due_ns
            first += len(due_ns)
            waiting = np.sort(np.concatenate([waiting, arrives]))
            ready = int(np.searchsorted(waiting, due_ns[-1], side="right")) if len(due_ns) else 0
            yield waiting[:ready]
            waiting = waiting[ready:]
        yield waiting

    def arranged(self, first: int, keys_ns: I64, due_ns: I64 | None, switch: FaultSwitch) -> Arranged:
        """Return what arrives of the transactions from number ``first`` on, as far as the fault reaches.

        Args:
            first: number of the first one.
            keys_ns: intended arrivals, or what stands for them where there is no schedule.
            due_ns: intended arrivals; None without a schedule.
            switch: of this fault.
        """
        chosen = self.chosen(first, due_ns, len(keys_ns), switch)
        chosen = chosen[: int(np.searchsorted(first + chosen, switch.reaches))]
        if not len(chosen):
            return Arranged(np.arange(len(keys_ns)), keys_ns)
        end_ns = np.full(len(keys_ns), np.inf) if due_ns is None else _ends_of(due_ns, switch)
        return self.arrange(Span(first, keys_ns, end_ns), chosen, switch.chance)


class _Rearranged:
    """A feed whose transactions arrive at other times; numbers its blocks anew, and hands out none that is empty.

    What arrives later than the last transaction of its block waits for the next one, also when the fault has failed:
    nothing that it holds is lost.
    """

    def __init__(self, feed: Feed, fault: ArrivalFault, switch: FaultSwitch) -> None:
        self._feed = feed
        self._fault = fault
        self._switch = switch
        self._taken = 0
        self._given = 0
        self._waiting: Block | None = None
        self._waiting_ns: I64 = np.zeros(0, dtype=np.int64)
        self._event_us = 0

    async def take(self) -> Block | None:
        """Return what arrives next."""
        while (block := await self._feed.take()) is not None:
            if (ready := self._pass(block)) is not None:
                return self._numbered(ready)
        rest, self._waiting = self._waiting, None
        return None if rest is None else self._numbered(rest)

    def close(self) -> None:
        """Close the feed behind it."""
        self._feed.close()

    def _pass(self, block: Block) -> Block | None:
        """Take ``block`` in; return what arrives up to its last transaction, None if nothing does."""
        first, self._taken = self._taken, self._taken + len(block)
        keys_ns = (first + np.arange(len(block))) * _PLACE_NS if block.due_ns is None else block.due_ns
        arranged = Arranged(np.arange(len(block)), keys_ns)
        if not self._switch.over:
            with self._switch.effect(0):
                arranged = self._fault.arranged(first, keys_ns, block.due_ns, self._switch)
                self._switch.touch_ahead(_touched(arranged, keys_ns))
        if not self._switch.over:
            self._switch.in_hand = self._taken
        return self._merged(_as_arranged(block, arranged), arranged.due_ns, int(keys_ns[-1]))

    def _merged(self, block: Block, keys_ns: I64, until_ns: int) -> Block | None:
        if self._waiting is not None:
            block, keys_ns = joined(self._waiting, block), np.concatenate([self._waiting_ns, keys_ns])
        order = np.argsort(keys_ns, kind="stable")
        ready = int(np.searchsorted(keys_ns[order], until_ns, side="right"))
        later = order[ready:]
        self._waiting = rows_of(block, later) if len(later) else None
        self._waiting_ns = keys_ns[later]
        return rows_of(block, order[:ready]) if ready else None

    def _numbered(self, block: Block) -> Block:
        """Return ``block`` with its numbers, and event times that do not decrease: a late one's is when it arrives."""
        event_us = np.maximum.accumulate(np.maximum(block.event_us, self._event_us))
        first, self._given, self._event_us = self._given, self._given + len(block), int(event_us[-1])
        return replace(block, first=first, event_us=event_us)


def _as_arranged(block: Block, arranged: Arranged) -> Block:
    """Return the rows of ``block`` that arrive. Only the first of equal ones has a truth: a label comes once."""
    found = rows_of(block, arranged.rows)
    copies = np.ones(len(arranged.rows), dtype=np.bool_)
    copies[np.unique(arranged.rows, return_index=True)[1]] = False
    return replace(
        found,
        due_ns=None if block.due_ns is None else arranged.due_ns,
        fraud=np.where(copies, np.uint8(UNKNOWN), found.fraud),
    )


def _touched(arranged: Arranged, keys_ns: I64) -> int:
    """Return how many transactions arrive late, again or never."""
    times = np.bincount(arranged.rows, minlength=len(keys_ns))
    late = np.bincount(arranged.rows, weights=arranged.due_ns != keys_ns[arranged.rows], minlength=len(keys_ns))
    return int(np.count_nonzero((times != 1) | (late > 0)))


def _ends_of(due_ns: I64, switch: FaultSwitch) -> F64:
    """Return for each instant when the injection around it is lifted, float64 (n,); infinite outside."""
    ends = np.full(len(due_ns), np.inf)
    for inject_at, lift_at in switch.planned:
        ends[(due_ns >= inject_at) & (due_ns < (lift_at or np.inf))] = lift_at or np.inf
    return ends
