"""Transactions carry a wrong time."""

from functools import partial
from typing import Any, ClassVar, Literal

from actors.arrays import I64
from actors.clock import NS_PER_US
from sim.faults.blocks import rewritten, with_raws
from sim.faults.fault import Wait
from sim.faults.switch import FaultSwitch
from sim.faults.traffic import TrafficFault
from sim.world.block import Block


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
