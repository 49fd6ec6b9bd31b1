"""Injectors of when and how often transactions arrive: what is due changes, so the schedule follows."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from actors.core.arrays import F64, I64
from actors.core.clock import NS_PER_MS
from sim.faults.fault import Fault
from sim.faults.traffic import TrafficDuplicates, TrafficOutOfOrder, TrafficVolumeDrop
from sim.feeds.feed import Block
from sim.injection.switch import FaultSwitch
from sim.injection.traffic import FeedInjector, joined, rows_of
from sim.outcomes.money import UNKNOWN

_PLACE_NS = NS_PER_MS  # how far apart transactions count as where there is no schedule


@dataclass(frozen=True, slots=True)
class ArrivalBlock:
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


class RearrangedFeed(FeedInjector):
    """Lets transactions arrive at other times; numbers its blocks anew, and hands out none that is empty.

    What arrives later than the last transaction of its block waits for the next one, also when the fault has failed:
    nothing that it holds is lost.
    """

    def __init__(self, fault: Fault, switch: FaultSwitch) -> None:
        super().__init__(fault, switch)
        self._waiting: Block | None = None
        self._waiting_ns: I64 = np.zeros(0, dtype=np.int64)
        self._event_us = 0

    @abstractmethod
    def arrange(self, span: ArrivalBlock, chosen: I64) -> Arranged:
        """Return what arrives of ``span`` if the rows at ``chosen`` are struck; the same whenever it is asked."""
        ...

    async def take(self) -> Block | None:
        """Return what arrives next."""
        while (block := await self.feed.take()) is not None:
            if (ready := self._pass(block)) is not None:
                return self._numbered(ready)
        rest, self._waiting = self._waiting, None
        return None if rest is None else self._numbered(rest)

    def reschedule(self, batches: Iterator[I64], first: int = 0) -> Iterator[I64]:
        """Return the intended arrivals that the feed makes of those in ``batches``."""
        waiting: I64 = np.zeros(0, dtype=np.int64)
        for due_ns in batches:
            arrives = due_ns
            with self.switch.effect(0):
                arrives = self._arranged(first, due_ns, due_ns).due_ns
            first += len(due_ns)
            waiting = np.sort(np.concatenate([waiting, arrives]))
            ready = int(np.searchsorted(waiting, due_ns[-1], side="right")) if len(due_ns) else 0
            yield waiting[:ready]
            waiting = waiting[ready:]
        yield waiting

    def _arranged(self, first: int, keys_ns: I64, due_ns: I64 | None) -> Arranged:
        """Return what arrives of the transactions from number ``first`` on, as far as the fault reaches.

        Args:
            first: number of the first one.
            keys_ns: intended arrivals, or what stands for them where there is no schedule.
            due_ns: intended arrivals; None without a schedule.
        """
        chosen = self.chosen(first, due_ns, len(keys_ns))
        chosen = chosen[: int(np.searchsorted(first + chosen, self.switch.reaches))]
        if not len(chosen):
            return Arranged(np.arange(len(keys_ns)), keys_ns)
        end_ns = np.full(len(keys_ns), np.inf) if due_ns is None else _ends_of(due_ns, self.switch)
        return self.arrange(ArrivalBlock(first, keys_ns, end_ns), chosen)

    def _pass(self, block: Block) -> Block | None:
        """Take ``block`` in; return what arrives up to its last transaction, None if nothing does."""
        first, self.taken = self.taken, self.taken + len(block)
        keys_ns = (first + np.arange(len(block))) * _PLACE_NS if block.due_ns is None else block.due_ns
        arranged = Arranged(np.arange(len(block)), keys_ns)
        if not self.switch.over:
            with self.switch.effect(0):
                arranged = self._arranged(first, keys_ns, block.due_ns)
                self.switch.touch_ahead(_touched(arranged, keys_ns))
        if not self.switch.over:
            self.switch.in_hand = self.taken
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
        first, self.given, self._event_us = self.given, self.given + len(block), int(event_us[-1])
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
    for inject_at, lift_at in switch.meant:
        ends[(due_ns >= inject_at) & (due_ns < (lift_at or np.inf))] = lift_at or np.inf
    return ends


class RepeatingFeed(RearrangedFeed):
    """Hands out some transactions again."""

    fault: TrafficDuplicates

    def share(self) -> float:
        """Return the share that is sent again."""
        return self.fault.ratio

    def arrange(self, span: ArrivalBlock, chosen: I64) -> Arranged:
        """Let each of the chosen arrive again and again."""
        times = np.ones(len(span.due_ns), dtype=np.int64)
        times[chosen] += self.fault.copies
        rows = np.repeat(np.arange(len(times)), times)
        sent_before = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
        due_ns = span.due_ns[rows] + sent_before * self.fault.after
        kept = (sent_before == 0) | (due_ns < span.end_ns[rows])
        return Arranged(rows[kept], due_ns[kept])


class DisorderedFeed(RearrangedFeed):
    """Hands out some transactions after later ones."""

    fault: TrafficOutOfOrder

    def share(self) -> float:
        """Return the share that is held up."""
        return self.fault.ratio

    def arrange(self, span: ArrivalBlock, chosen: I64) -> Arranged:
        """Let the chosen transactions slip behind later ones."""
        due_ns = span.due_ns.copy()
        late_ns = self.switch.chance.of("delay", span.first + chosen) * self.fault.delay
        due_ns[chosen] = np.minimum(due_ns[chosen] + late_ns, span.end_ns[chosen] - 1).astype(np.int64)
        return Arranged(np.arange(len(due_ns)), due_ns)


class ThinnedFeed(RearrangedFeed):
    """Keeps some transactions to itself."""

    fault: TrafficVolumeDrop

    def share(self) -> float:
        """Return the share that is lost."""
        return self.fault.ratio

    def arrange(self, span: ArrivalBlock, chosen: I64) -> Arranged:
        """Leave the chosen out."""
        rows = np.delete(np.arange(len(span.due_ns)), chosen)
        return Arranged(rows, span.due_ns[rows])
