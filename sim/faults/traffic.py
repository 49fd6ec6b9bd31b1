"""Faults of the traffic: each changes what arrives, between the feed and the producer.

They go by the intended arrival of a transaction, not by the moment at which the producer takes it: blocks are made
ahead of time, and what is due may not depend on how far the pipeline has come. A replay without a schedule has no
intended arrivals; there a block is changed if it is taken while the fault is in.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import numpy as np

from actors.core.arrays import I64, Bool
from actors.core.clock import NS_PER_US
from sim.faults.fault import LastingFault, Share, Wait
from sim.faults.port import PortFault
from sim.faults.switch import FaultSwitch
from sim.feeds.feed import Block, Feed


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


def rows_of(block: Block, at: I64) -> Block:
    """Return a block of the rows at ``at`` of ``block``, in that order."""
    places = at.tolist()
    return Block(
        first=block.first,
        due_ns=None if block.due_ns is None else block.due_ns[at],
        raws=[block.raws[place] for place in places],
        event_us=block.event_us[at],
        fraud=block.fraud[at],
        pattern=block.pattern[at],
        merchants=[block.merchants[place] for place in places],
        categories=[block.categories[place] for place in places],
    )


def joined(one: Block, other: Block) -> Block:
    """Return the rows of ``one`` and then those of ``other``; both have intended arrivals, or neither."""
    due_ns = None
    if one.due_ns is not None and other.due_ns is not None:
        due_ns = np.concatenate([one.due_ns, other.due_ns])
    return Block(
        first=one.first,
        due_ns=due_ns,
        raws=one.raws + other.raws,
        event_us=np.concatenate([one.event_us, other.event_us]),
        fraud=np.concatenate([one.fraud, other.fraud]),
        pattern=np.concatenate([one.pattern, other.pattern]),
        merchants=one.merchants + other.merchants,
        categories=[*one.categories, *other.categories],
    )


def rewritten(raw: bytes, change: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
    """Return the document ``raw`` with its fields changed; what another fault has damaged already stays as it is.

    Args:
        raw: a JSON document, or what is left of one.
        change: returns the new fields; KeyError, TypeError and ValueError say that those it needs are not usable.
    """
    try:
        fields = msgspec.json.decode(raw, type=dict[str, Any])
        return msgspec.json.encode(change(fields))
    except (KeyError, TypeError, ValueError):
        return raw


def with_raws(block: Block, changed: dict[int, bytes]) -> Block:
    """Return ``block`` with other documents at the rows that ``changed`` names."""
    raws = block.raws.copy()
    for place, raw in changed.items():
        raws[place] = raw
    return replace(block, raws=raws)


Damage = Literal["unparseable", "out_of_range", "giant"]
GIANT_BYTES = 20_000  # more than the 16 KiB that a transaction may have
TOO_DEAR = 1e12  # amounts end at 1e9


class TrafficPoison(TrafficFault, frozen=True, kw_only=True):
    """A share of the transactions cannot be used: cut short, with an impossible amount, or far too long.

    Attributes:
        ratio: share of the transactions that are damaged, 0 to 1.
        damage: what is done to them; each gets one of these at random.
    """

    kind: ClassVar[str] = "traffic_poison"
    summary: ClassVar[str] = "a share of the transactions is unparseable, out of range or giant"
    seen: ClassVar[str] = "dead letters by reason; nothing else changes, and no actor restarts"
    mitigation: ClassVar[str] = "strict parsing: each becomes a dead letter by itself; a rule on dead_letter_ratio"
    ratio: Share = 0.01
    damage: tuple[Damage, ...] = ("unparseable", "out_of_range", "giant")

    def share(self) -> float:
        """Return the share that is damaged."""
        return self.ratio

    def change(self, block: Block, chosen: I64, switch: FaultSwitch) -> Block:
        """Damage the chosen transactions."""
        drawn = switch.chance.of("damage", block.first + chosen)
        kinds = np.minimum((drawn * len(self.damage)).astype(np.int64), len(self.damage) - 1).tolist()
        pairs = zip(chosen.tolist(), kinds, strict=True)
        return with_raws(block, {at: _damaged(block.raws[at], self.damage[kind]) for at, kind in pairs})


def _damaged(raw: bytes, damage: Damage) -> bytes:
    if damage == "unparseable":
        return raw[: len(raw) // 2]
    if damage == "giant":
        return rewritten(raw, lambda fields: {**fields, "note": "x" * GIANT_BYTES})
    return rewritten(raw, lambda fields: {**fields, "amount": TOO_DEAR})


class TrafficClockSkew(TrafficFault, frozen=True, kw_only=True):
    """The clock of whoever sends is wrong: event times are shifted. When it really happened stays as it was.

    Attributes:
        skew: by how much, in event time.
        direction: ahead of the true time or behind it.
    """

    kind: ClassVar[str] = "traffic_clock_skew"
    summary: ClassVar[str] = "event times are wrong by a fixed span, ahead or behind"
    seen: ClassVar[str] = "velocity features jump and PSI rises, most for gaps and local hour; latency does not move"
    mitigation: ClassVar[str] = "ages below zero count as zero; drift alerts tell"
    skew: Wait
    direction: Literal["ahead", "behind"] = "ahead"

    def change(self, block: Block, chosen: I64, switch: FaultSwitch) -> Block:  # noqa: ARG002 - the base's signature
        """Shift the event times in the chosen documents."""
        shift_us = self.skew // NS_PER_US * (1 if self.direction == "ahead" else -1)
        times = (block.event_us[chosen] + shift_us).tolist()
        changes = {
            at: rewritten(block.raws[at], partial(_happened_at, time))
            for at, time in zip(chosen.tolist(), times, strict=True)
        }
        return with_raws(block, changes)


def _happened_at(time_us: int, fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "event_time": time_us}


DEAREST = 1e9  # what a transaction may cost at most
CENTS = 2


class TrafficDrift(TrafficFault, frozen=True, kw_only=True):
    """Amounts are another multiple of what they were in training, as after an inflation or a change of currency.

    Attributes:
        amount_factor: what amounts are multiplied with.
    """

    kind: ClassVar[str] = "traffic_drift"
    summary: ClassVar[str] = "amounts move away from what the model was trained on"
    seen: ClassVar[str] = "PSI of amount and of every feature made from it rises; later scores shift and blocks grow"
    mitigation: ClassVar[str] = "drift alerts on PSI and scores; retraining"
    amount_factor: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)] = 3.0

    def change(self, block: Block, chosen: I64, switch: FaultSwitch) -> Block:  # noqa: ARG002 - the base's signature
        """Multiply the amounts in the chosen documents."""
        return with_raws(block, {at: rewritten(block.raws[at], self._dearer) for at in chosen.tolist()})

    def _dearer(self, fields: dict[str, Any]) -> dict[str, Any]:
        amount = fields["amount"]
        if amount > DEAREST:  # damaged on purpose, and to be refused
            return fields
        return {**fields, "amount": min(DEAREST, round(amount * self.amount_factor, CENTS))}
