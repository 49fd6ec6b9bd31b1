"""Each fault of the traffic changes what is due while it is in, and leaves truth, numbers and schedule in step."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.clock import NS_PER_S
from sim.faults.fault import Fault
from sim.faults.traffic import TrafficDrift, TrafficDuplicates, TrafficFraudWave, TrafficVolumeDrop
from sim.feeds.feed import Block
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal
from sim.outcomes.money import UNKNOWN
from tests.support.sim.faults import virtual_clock
from tests.support.sim.faulty_traffic import (
    AT,
    FAULTS,
    OF_KIND,
    SPEC,
    UNTIL,
    WHEN,
    Canned,
    blocks,
    changed,
    due_of,
    every_fault,
    inside,
    outside,
    recut,
    rest,
    rows,
    unpaced,
)
from tests.support.virtual import run_virtual


@every_fault
def test_only_what_is_due_while_the_fault_is_in_is_changed(fault: Fault) -> None:
    """Every transaction due before the injection or from the lift on is the same to the byte, and others are not."""
    found, _, record = changed(fault)
    assert outside(rows(found)) == outside(rows(blocks()))
    assert inside(rows(found)) != inside(rows(blocks()))
    assert record.touched_count > 0
    assert record.first_effect_at_s == AT / NS_PER_S


@every_fault
def test_numbers_follow_each_other(fault: Fault) -> None:
    """Blocks are numbered without a gap, none is empty, and intended arrivals do not decrease."""
    found, _, _ = changed(fault)
    assert [block.first for block in found] == np.cumsum([0, *(len(block) for block in found)])[:-1].tolist()
    assert all(len(block) for block in found)
    assert (np.diff(np.concatenate([due_of(block) for block in found])) >= 0).all()


@every_fault
def test_schedule_counts_exactly_what_the_feed_hands_out(fault: Fault) -> None:
    """What is due by any instant is what the changed feed has due by then."""
    found, schedule, _ = changed(fault)
    due = np.concatenate([due_of(block) for block in found])
    for at_ns in range(0, 9 * NS_PER_S, NS_PER_S // 7):
        assert schedule.due_count(at_ns) == int(np.searchsorted(due, at_ns, side="right"))


@every_fault
def test_truth_stays_with_its_transaction(fault: Fault) -> None:
    """A transaction that still has its id has its own merchant beside it, and its own truth: a copy has none."""
    truth = {msgspec.json.decode(row[1])["id"]: (row[3], row[4]) for row in rows(blocks())}
    met: set[str] = set()
    for row in rows(changed(fault)[0]):
        try:
            name = msgspec.json.decode(row[1])["id"]
        except msgspec.DecodeError:
            continue
        if name in truth:
            assert (row[3], row[4]) == (UNKNOWN if name in met else truth[name][0], truth[name][1])
        met.add(name)


@settings(max_examples=8)
@every_fault
@given(size=st.integers(100, 3_000))
def test_change_does_not_depend_on_where_blocks_end(fault: Fault, size: int) -> None:
    """The same transactions are chosen however the traffic is cut into blocks; only new fraud may differ."""
    if isinstance(fault, TrafficFraudWave):
        return
    whole, cut = rows(changed(fault)[0]), recut(size)

    async def main() -> list[Block]:
        clock = virtual_clock()
        schedule = FaultSchedule([fault], clock, Journal(clock), 7, FaultTargets(traffic=SPEC))
        return await rest(schedule.wrap_feed(Canned(cut)))

    assert rows(run_virtual(main())) == whole


def test_faults_of_the_traffic_add_up() -> None:
    """Two volume faults and a wave at once keep schedule and feed in step."""
    drop = TrafficVolumeDrop(name="less", at=AT, duration=UNTIL - AT, ratio=0.5)
    twice = TrafficDuplicates(name="twice", at=AT, duration=UNTIL - AT, ratio=0.5)
    wave = TrafficFraudWave(name="wave", at=AT, duration=UNTIL - AT, rate=70.0)
    found, schedule, _ = changed(drop, wave, twice)
    due = np.concatenate([due_of(block) for block in found])
    for at_ns in range(0, 9 * NS_PER_S, NS_PER_S // 3):
        assert schedule.due_count(at_ns) == int(np.searchsorted(due, at_ns, side="right"))


@every_fault
def test_event_times_of_the_books_do_not_decrease(fault: Fault) -> None:
    """What labels wait by only grows, whoever comes late."""
    event_us = [row[2] for row in rows(changed(fault)[0])]
    assert event_us == sorted(event_us)


def test_replay_without_schedule_is_changed_while_the_fault_is_in() -> None:
    """Where nothing is due at an instant, a block is changed if it is taken while the fault is in."""

    async def main() -> list[bool]:
        clock = virtual_clock()
        schedule = FaultSchedule([TrafficDrift(**WHEN)], clock, Journal(clock))
        feed = schedule.wrap_feed(Canned([unpaced(block) for block in blocks()]))
        switch = schedule.injectors[0].switch
        found: list[bool] = []
        for step in ("wait", "inject", "lift"):
            if step != "wait":
                getattr(switch, step)()
            block = await feed.take()
            assert block is not None
            found.append(block.raws != blocks()[len(found)].raws)
        return found

    assert run_virtual(main()) == [False, True, False]


@pytest.mark.parametrize("kind", ["traffic_out_of_order", "traffic_duplicates", "traffic_volume_drop"])
def test_replay_without_schedule_is_rearranged_by_number(kind: str) -> None:
    """Places stand for instants there: transactions slip behind others, come again or stay away; no other is lost."""

    async def main() -> list[Block]:
        clock = virtual_clock()
        schedule = FaultSchedule([OF_KIND[kind]], clock, Journal(clock))
        feed = schedule.wrap_feed(Canned([unpaced(block) for block in blocks()]))
        schedule.injectors[0].switch.inject()
        return await rest(feed)

    found = run_virtual(main())
    before = [raw for block in blocks() for raw in block.raws]
    after = [raw for block in found for raw in block.raws]
    assert all(block.due_ns is None for block in found)
    assert after != before
    if kind == "traffic_volume_drop":
        assert len(after) / len(before) == pytest.approx(0.3, abs=0.03)
    else:
        assert set(after) == set(before)
        assert (len(after) > len(before)) == (kind == "traffic_duplicates")


def test_closing_closes_the_feed_behind() -> None:
    """Every layer passes `close` on."""

    async def main() -> bool:
        clock = virtual_clock()
        schedule = FaultSchedule(FAULTS, clock, Journal(clock), 7, FaultTargets(traffic=SPEC))
        canned = Canned([])
        schedule.wrap_feed(canned).close()
        return canned.closed

    assert run_virtual(main())
