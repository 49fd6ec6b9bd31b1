"""Eight seconds of traffic, each kind of fault of the traffic in its middle, and what it makes of them."""

import functools
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest

from actors.core.arrays import I64
from actors.core.clock import NS_PER_S
from sim.faults.fault import Fault, FaultRecord
from sim.faults.traffic import (
    TrafficClockSkew,
    TrafficDrift,
    TrafficDuplicates,
    TrafficFraudWave,
    TrafficOutOfOrder,
    TrafficPoison,
    TrafficVolumeDrop,
)
from sim.feeds.feed import Block, Feed
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal
from sim.run.plan import Schedule
from sim.world.phases import RatedPhase
from sim.world.spec import WorldSpec
from sim.world.traffic import TrafficSpec
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual

AT, UNTIL = 2 * NS_PER_S, 5 * NS_PER_S
WHEN: dict[str, Any] = {"name": "fault", "at": AT, "duration": UNTIL - AT}
SPEC = TrafficSpec(
    world=WorldSpec(cards=4_000, merchants=400),
    phases=(RatedPhase(name="steady", duration_ns=8 * NS_PER_S, rate=800),),
    seed=7,
)
FAULTS: tuple[Fault, ...] = (
    TrafficPoison(**WHEN, ratio=0.3),
    TrafficDuplicates(**WHEN, ratio=0.3, copies=2),
    TrafficDuplicates(**WHEN, ratio=0.3, copies=2, after=NS_PER_S),
    TrafficOutOfOrder(**WHEN, ratio=0.3),
    TrafficClockSkew(**WHEN, skew=3_600 * NS_PER_S),
    TrafficVolumeDrop(**WHEN, ratio=0.7),
    TrafficDrift(**WHEN, amount_factor=3.0),
    TrafficFraudWave(**WHEN, rate=100.0),
)
every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}{getattr(fault, 'after', 0)}")
OF_KIND = {fault.kind: fault for fault in reversed(FAULTS)}
Attack = Literal["fraud_ring", "card_testing", "account_takeover", "stolen_card"]
Row = tuple[int, bytes, int, int, str]


@functools.cache
def blocks() -> tuple[Block, ...]:
    return tuple(SPEC.build())


class Canned:
    """A feed of blocks that were made before."""

    def __init__(self, left: list[Block]) -> None:
        self.left = left
        self.closed = False

    async def take(self) -> Block | None:
        return self.left.pop(0) if self.left else None

    def close(self) -> None:
        self.closed = True


async def rest(feed: Feed) -> list[Block]:
    found = []
    while (block := await feed.take()) is not None:
        found.append(block)
    return found


def rows(found: list[Block] | tuple[Block, ...]) -> list[Row]:
    """Return due, document, event time, truth and merchant of every transaction."""
    return [
        row
        for block in found
        for row in zip(
            due_of(block).tolist(),
            block.raws,
            block.event_us.tolist(),
            block.fraud.tolist(),
            block.merchants,
            strict=True,
        )
    ]


def due_of(block: Block) -> I64:
    assert block.due_ns is not None
    return block.due_ns


def changed(
    *faults: Fault, end: Callable[[FaultSchedule], None] = lambda _: None
) -> tuple[list[Block], Schedule, FaultRecord]:
    """Return the blocks and the schedule that ``faults`` make of the traffic, and what the first one did."""

    async def main() -> tuple[list[Block], Schedule, FaultRecord]:
        clock = virtual_clock()
        schedule = FaultSchedule(faults, clock, Journal(clock), 7, FaultTargets(traffic=SPEC))
        feed = schedule.wrap_feed(Canned(list(blocks())))
        end(schedule)
        due = Schedule.of(SPEC).altered(schedule.reschedule)
        found = await rest(feed)
        await schedule.run()
        return found, due, schedule.records()[0]

    return run_virtual(main())


def outside(found: list[Row]) -> list[Row]:
    return [row for row in found if not AT <= row[0] < UNTIL]


def inside(found: list[Row]) -> list[Row]:
    return [row for row in found if AT <= row[0] < UNTIL]


def recut(size: int) -> list[Block]:
    found = rows(blocks())
    return [
        Block(
            first=start,
            due_ns=np.array([row[0] for row in part]),
            raws=[row[1] for row in part],
            event_us=np.array([row[2] for row in part]),
            fraud=np.array([row[3] for row in part], dtype=np.uint8),
            pattern=np.zeros(len(part), dtype=np.uint8),
            merchants=[row[4] for row in part],
            categories=[None] * len(part),
        )
        for start in range(0, len(found), size)
        for part in [found[start : start + size]]
    ]


def unpaced(block: Block) -> Block:
    return Block(0, None, block.raws, block.event_us, block.fraud, block.pattern, block.merchants, block.categories)
