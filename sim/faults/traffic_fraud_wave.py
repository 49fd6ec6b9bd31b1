"""Fraudsters attack."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
import numpy as np

from actors.core.arrays import I64
from actors.core.clock import NS_PER_S
from sim.faults.switch import FaultSwitch
from sim.faults.traffic import TrafficFault, joined, rows_of
from sim.feeds.feed import Block, Feed

if TYPE_CHECKING:  # the world is imported where it is needed: a run
    from sim.faults.attacker import Attacker


class TrafficFraudWave(TrafficFault, frozen=True, kw_only=True):
    """Fraud on top of the ordinary traffic; its labels arrive after the usual delay. It needs the synthetic world.

    Attributes:
        rate: fraudulent transactions a second.
        attack: the pattern they follow, squeezed into the wave.
    """

    kind: ClassVar[str] = "traffic_fraud_wave"
    summary: ClassVar[str] = "a ring, bots or thieves attack on top of the ordinary traffic"
    seen: ClassVar[str] = (
        "blocks, reviews and fraud loss rise; scores shift; latency does not, unless load is near capacity"
    )
    mitigation: ClassVar[str] = "the model and, on lower rungs, the velocity rules; recall tells what they catch"
    rate: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 50.0
    attack: Literal["fraud_ring", "card_testing", "account_takeover", "stolen_card"] = "fraud_ring"

    def build(self, port: Feed, switch: FaultSwitch) -> Feed:
        """Return the feed with the wave in it."""
        from sim.faults.attacker import Attacker

        traffic = switch.targets.traffic
        if traffic is None:
            return port
        return _Attacked(port, self.arrivals(switch), Attacker(traffic, self.attack, switch.chance), switch)

    def change(self, block: Block, chosen: I64, switch: FaultSwitch) -> Block:  # noqa: ARG002 - the base's signature
        """Return ``block``: a wave changes no transaction."""
        return block

    def reschedule(self, chunks: Iterator[I64], switch: FaultSwitch) -> Iterator[I64]:
        """Return the intended arrivals with those of the wave among them, as far as the fault reaches."""
        extra: I64 = np.zeros(0, dtype=np.int64)
        with switch.effect(0):
            extra = self.arrivals(switch)
        sent = 0
        for due_ns in chunks:
            upto = int(np.searchsorted(extra, due_ns[-1], side="right")) if len(due_ns) else sent
            upto = max(sent, int(min(upto, switch.reaches)))
            yield np.sort(np.concatenate([due_ns, extra[sent:upto]]))
            sent = upto
        yield extra[sent : max(sent, int(min(len(extra), switch.reaches)))]

    def arrivals(self, switch: FaultSwitch) -> I64:
        """Return the intended arrivals of the wave, sorted."""
        count = round(self.rate * self.duration / NS_PER_S)
        parts: list[I64] = []
        for number, occurrence in enumerate(switch.planned):
            draws = switch.chance.of("arrivals", np.arange(number * count, (number + 1) * count))
            keep = switch.chance.of("call", np.arange(number * count, (number + 1) * count)) < self.probability
            parts.append(np.sort(occurrence.inject_at + (draws[keep] * self.duration).astype(np.int64)))
        return np.concatenate(parts)


class _Attacked:
    """A feed with a wave in it."""

    def __init__(self, feed: Feed, due_ns: I64, attacker: "Attacker", switch: FaultSwitch) -> None:
        self._feed = feed
        self._due_ns = due_ns
        self._attacker = attacker
        self._switch = switch
        self._sent = 0
        self._given = 0

    async def take(self) -> Block | None:
        """Return the next block with what is due of the wave; what is due after the last block comes by itself."""
        block = await self._feed.take()
        if not self._switch.over:
            with self._switch.effect(0):
                block = self._joined(block)
        if block is not None:
            block = replace(block, first=self._given)
            self._given += len(block)
        return block

    def close(self) -> None:
        """Close the feed behind it."""
        self._feed.close()

    def _joined(self, block: Block | None) -> Block | None:
        if block is not None and block.due_ns is None:
            return block
        last = len(self._due_ns)
        if block is not None and block.due_ns is not None:
            last = int(np.searchsorted(self._due_ns, block.due_ns[-1], side="right"))
        if last == self._sent:
            return block
        wave = self._attacker.block(self._sent, self._due_ns[self._sent : last])
        both = wave if block is None else _merged(block, wave)
        self._switch.touch_ahead(len(wave))
        self._sent = self._switch.in_hand = last
        return both


def _merged(block: Block, wave: Block) -> Block:
    """Return both in order of intended arrival."""
    both = joined(block, wave)
    if both.due_ns is None:
        raise AssertionError("a wave needs a schedule")
    return rows_of(both, np.argsort(both.due_ns, kind="stable"))
