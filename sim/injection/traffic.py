"""Injectors of the traffic: each stands between the feed and the producer, and changes what arrives.

Blocks are made ahead of time, and what is due may not depend on how far the pipeline has come: so a transaction is
changed if its intended arrival lies in an injection, whenever it is taken. Without a schedule there are no intended
arrivals, and a block is changed if it is taken while the fault is in.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
import numpy as np

from actors.core.arrays import I64, Bool
from actors.core.clock import NS_PER_US
from sim.faults.fault import Fault
from sim.faults.traffic import Damage, TrafficClockSkew, TrafficDrift, TrafficPoison
from sim.feeds.feed import Block, Feed
from sim.injection.injector import Injector
from sim.injection.switch import FaultSwitch


class FeedInjector(Injector):
    """Stands between the feed and the producer. Truth and transactions of a block stay side by side.

    Attributes:
        feed: the one behind it.
        taken: how many transactions that one has handed out.
        given: how many this one has.
    """

    feed: Feed

    def __init__(self, fault: Fault, switch: FaultSwitch) -> None:
        super().__init__(fault, switch)
        self.taken = 0
        self.given = 0

    def around_feed(self, feed: Feed) -> Feed:
        """Take what arrives."""
        self.feed = feed
        return self

    def goes_on(self, count: int) -> None:
        """Number what comes after ``count`` transactions that have passed before."""
        self.taken = self.given = count

    @abstractmethod
    async def take(self) -> Block | None:
        """Return the next block with the fault's change, None after the last one."""
        ...

    def close(self) -> None:
        """Close the feed behind it."""
        self.feed.close()

    def share(self) -> float:
        """Return which share of the transactions is changed, 0 to 1; drawn like ``probability``."""
        return 1.0

    def chosen(self, first: int, due_ns: I64 | None, count: int) -> I64:
        """Return which rows of a block are to be changed.

        Args:
            first: number of its first transaction.
            due_ns: their intended arrivals; None without a schedule.
            count: of transactions.
        """
        if due_ns is None:
            inside: Bool = np.full(count, self.switch.active)
        else:
            inside = np.zeros(count, dtype=np.bool_)
            for inject_at, lift_at in self.switch.planned:
                inside |= (due_ns >= inject_at) & (due_ns < (np.inf if lift_at is None else lift_at))
        if not inside.any():
            return np.zeros(0, dtype=np.int64)
        drawn = self.switch.chance.of("call", first + np.arange(count))
        return np.flatnonzero(inside & (drawn < self.fault.probability * self.share()))


class ChangingFeed(FeedInjector):
    """Changes documents; numbers its blocks anew, and hands out none that is empty."""

    async def take(self) -> Block | None:
        """Return the next block, some of its documents changed."""
        while (block := await self.feed.take()) is not None:
            first, self.taken = self.taken, self.taken + len(block)
            block = replace(self._changed(block, first), first=self.given)
            self.given += len(block)
            if len(block):
                return block
        return None

    @abstractmethod
    def change(self, block: Block, chosen: I64) -> Block:
        """Return ``block`` with the transactions at ``chosen``, at least one row, changed."""
        ...

    def _changed(self, block: Block, first: int) -> Block:
        if self.switch.over:
            return block
        with self.switch.effect(0):
            chosen = self.chosen(first, block.due_ns, len(block))
            if len(chosen):
                changed = self.change(block, chosen)
                self.switch.touch_ahead(len(chosen))
                return changed
        return block


GIANT_BYTES = 20_000  # more than the 16 KiB that a transaction may have
TOO_DEAR = 1e12  # amounts end at 1e9


class PoisonedFeed(ChangingFeed):
    """Hands out what cannot be used."""

    fault: TrafficPoison

    def share(self) -> float:
        """Return the share that is damaged."""
        return self.fault.ratio

    def change(self, block: Block, chosen: I64) -> Block:
        """Damage the chosen transactions."""
        damage = self.fault.damage
        drawn = self.switch.chance.of("damage", block.first + chosen)
        kinds = np.minimum((drawn * len(damage)).astype(np.int64), len(damage) - 1).tolist()
        pairs = zip(chosen.tolist(), kinds, strict=True)
        return with_raws(block, {at: _damaged(block.raws[at], damage[kind]) for at, kind in pairs})


def _damaged(raw: bytes, damage: Damage) -> bytes:
    if damage == "unparseable":
        return raw[: len(raw) // 2]
    if damage == "giant":
        return rewritten(raw, lambda fields: {**fields, "note": "x" * GIANT_BYTES})
    return rewritten(raw, lambda fields: {**fields, "amount": TOO_DEAR})


class SkewedFeed(ChangingFeed):
    """Hands out documents with shifted event times."""

    fault: TrafficClockSkew

    def change(self, block: Block, chosen: I64) -> Block:
        """Shift the event times in the chosen documents."""
        shift_us = self.fault.skew // NS_PER_US * (1 if self.fault.direction == "ahead" else -1)
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


class DearerFeed(ChangingFeed):
    """Hands out documents with other amounts."""

    fault: TrafficDrift

    def change(self, block: Block, chosen: I64) -> Block:
        """Multiply the amounts in the chosen documents."""
        return with_raws(block, {at: rewritten(block.raws[at], self._dearer) for at in chosen.tolist()})

    def _dearer(self, fields: dict[str, Any]) -> dict[str, Any]:
        amount = fields["amount"]
        if amount > DEAREST:  # damaged on purpose, and to be refused
            return fields
        return {**fields, "amount": min(DEAREST, round(amount * self.fault.amount_factor, CENTS))}


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
