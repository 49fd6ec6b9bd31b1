"""Transactions arrive damaged."""

from typing import ClassVar, Literal

import numpy as np

from actors.arrays import I64
from sim.faults.blocks import rewritten, with_raws
from sim.faults.fault import Share
from sim.faults.switch import FaultSwitch
from sim.faults.traffic import TrafficFault
from sim.world.block import Block

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
