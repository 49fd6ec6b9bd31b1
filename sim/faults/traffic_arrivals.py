"""Faults of when and how often transactions arrive: what is due changes, so the schedule follows."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import msgspec
import numpy as np

from actors.core.arrays import F64, I64
from actors.core.clock import NS_PER_MS
from sim.chance import Chance
from sim.faults.fault import Share, Wait
from sim.faults.switch import FaultSwitch
from sim.faults.traffic import TrafficFault, joined, rows_of
from sim.feeds.feed import Block, Feed
from sim.outcomes.money import UNKNOWN
from sim.scalars import Duration

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


class TrafficDuplicates(ArrivalFault, frozen=True, kw_only=True):
    """A share of the transactions is sent again, as by a client that retries too early. No copy comes after the lift.

    Attributes:
        ratio: share of the transactions that are sent again, 0 to 1.
        copies: how often each of them is sent again.
        after: from one sending of a transaction to the next; at once by default.
    """

    kind: ClassVar[str] = "traffic_duplicates"
    summary: ClassVar[str] = "a share of the transactions arrives again with the same id"
    seen: ClassVar[str] = "more is offered and as much is decided; the ledger's duplicates grow"
    mitigation: ClassVar[str] = "the assembler remembers a million ids (remembered_ids) and decides each once"
    ratio: Share = 0.1
    copies: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    after: Annotated[Duration, msgspec.Meta(ge=0)] = 0

    def share(self) -> float:
        """Return the share that is sent again."""
        return self.ratio

    def arrange(self, span: Span, chosen: I64, chance: Chance) -> Arranged:  # noqa: ARG002 - the base's signature
        """Let each of the chosen arrive again and again."""
        times = np.ones(len(span.due_ns), dtype=np.int64)
        times[chosen] += self.copies
        rows = np.repeat(np.arange(len(times)), times)
        sent_before = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
        due_ns = span.due_ns[rows] + sent_before * self.after
        kept = (sent_before == 0) | (due_ns < span.end_ns[rows])
        return Arranged(rows[kept], due_ns[kept])


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
