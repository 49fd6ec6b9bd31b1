"""Each fault of the traffic changes what is due while it is in, and leaves truth, numbers and schedule in step."""

import functools
import itertools
from collections.abc import Callable
from typing import Any, Literal

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.arrays import I64
from actors.clock import NS_PER_S
from actors.errors import InternalError
from actors.transaction import parse, refusal
from sim.faults.arrivals import ArrivalFault
from sim.faults.schedule import FaultSchedule
from sim.faults.site import Site
from sim.faults.switch import FaultRecord
from sim.faults.traffic import TrafficFault
from sim.faults.traffic_clock_skew import TrafficClockSkew
from sim.faults.traffic_drift import TrafficDrift
from sim.faults.traffic_duplicates import TrafficDuplicates
from sim.faults.traffic_fraud_wave import TrafficFraudWave
from sim.faults.traffic_out_of_order import TrafficOutOfOrder
from sim.faults.traffic_poison import TrafficPoison
from sim.faults.traffic_volume_drop import TrafficVolumeDrop
from sim.faults.wave import Attacker
from sim.journal import Journal
from sim.money import UNKNOWN
from sim.run.schedule import Schedule
from sim.world.block import Block
from sim.world.feed import Feed, InlineFeed
from sim.world.phases import Phase
from sim.world.spec import WorldSpec
from sim.world.traffic import TrafficSpec
from tests.faults.laboratory import virtual_clock
from tests.virtual import run_virtual

AT, UNTIL = 2 * NS_PER_S, 5 * NS_PER_S
WHEN: dict[str, Any] = {"name": "fault", "at": AT, "duration": UNTIL - AT}
SPEC = TrafficSpec(
    world=WorldSpec(cards=4_000, merchants=400),
    phases=(Phase(name="steady", duration_ns=8 * NS_PER_S, rate=800),),
    seed=7,
)
FAULTS: tuple[TrafficFault, ...] = (
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
    *faults: TrafficFault, end: Callable[[FaultSchedule], None] = lambda _: None
) -> tuple[list[Block], Schedule, FaultRecord]:
    """Return the blocks and the schedule that ``faults`` make of the traffic, and what the first one did."""

    async def main() -> tuple[list[Block], Schedule, FaultRecord]:
        clock = virtual_clock()
        schedule = FaultSchedule(faults, clock, Journal(clock), 7, Site(traffic=SPEC))
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


@every_fault
def test_only_what_is_due_while_the_fault_is_in_is_changed(fault: TrafficFault) -> None:
    """Every transaction due before the injection or from the lift on is the same to the byte, and others are not."""
    found, _, record = changed(fault)
    assert outside(rows(found)) == outside(rows(blocks()))
    assert inside(rows(found)) != inside(rows(blocks()))
    assert record.touched_count > 0
    assert record.first_effect_at_s == AT / NS_PER_S


@every_fault
def test_numbers_follow_each_other(fault: TrafficFault) -> None:
    """Blocks are numbered without a gap, none is empty, and intended arrivals do not decrease."""
    found, _, _ = changed(fault)
    assert [block.first for block in found] == np.cumsum([0, *(len(block) for block in found)])[:-1].tolist()
    assert all(len(block) for block in found)
    assert (np.diff(np.concatenate([due_of(block) for block in found])) >= 0).all()


@every_fault
def test_schedule_counts_exactly_what_the_feed_hands_out(fault: TrafficFault) -> None:
    """What is due by any instant is what the changed feed has due by then."""
    found, schedule, _ = changed(fault)
    due = np.concatenate([due_of(block) for block in found])
    for at_ns in range(0, 9 * NS_PER_S, NS_PER_S // 7):
        assert schedule.due_count(at_ns) == int(np.searchsorted(due, at_ns, side="right"))


@every_fault
def test_truth_stays_with_its_transaction(fault: TrafficFault) -> None:
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


@every_fault
@pytest.mark.parametrize("how", ["closed", "error"])
def test_ended_fault_changes_nothing_any_more(fault: TrafficFault, how: str) -> None:
    """Lifted for good, by Ctrl-C or an exception, the feed hands out the traffic as it was."""

    def end(schedule: FaultSchedule) -> None:
        if how == "closed":
            schedule.lift_all()
        else:
            with pytest.raises(KeyboardInterrupt), schedule:
                raise KeyboardInterrupt

    found, schedule, record = changed(fault, end=end)
    assert rows(found) == rows(blocks())
    assert schedule.due_count(9 * NS_PER_S) == len(rows(blocks()))
    assert record.touched_count == 0


@settings(max_examples=8)
@every_fault
@given(size=st.integers(100, 3_000))
def test_change_does_not_depend_on_where_blocks_end(fault: TrafficFault, size: int) -> None:
    """The same transactions are chosen however the traffic is cut into blocks; only new fraud may differ."""
    if isinstance(fault, TrafficFraudWave):
        return
    whole, cut = rows(changed(fault)[0]), recut(size)

    async def main() -> list[Block]:
        clock = virtual_clock()
        schedule = FaultSchedule([fault], clock, Journal(clock), 7, Site(traffic=SPEC))
        return await rest(schedule.wrap_feed(Canned(cut)))

    assert rows(run_virtual(main())) == whole


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


def test_mistake_in_a_faults_own_code_spares_the_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    """The block goes on unharmed, the fault is marked failed."""

    def break_down(*_: object) -> None:
        raise ZeroDivisionError("mine")

    monkeypatch.setattr(TrafficDrift, "change", break_down)
    found, _, record = changed(TrafficDrift(**WHEN))
    assert rows(found) == rows(blocks())
    assert (record.state, record.error) == ("failed", "ZeroDivisionError: mine")


def test_error_of_the_feed_is_not_the_faults() -> None:
    """Traffic that cannot be made fails as it would without a fault."""
    broken = TrafficSpec(world=WorldSpec(cards=-1), phases=SPEC.phases, seed=1)

    async def main() -> None:
        clock = virtual_clock()
        schedule = FaultSchedule([TrafficDrift(**WHEN)], clock, Journal(clock))
        await schedule.wrap_feed(InlineFeed(broken)).take()

    with pytest.raises(InternalError):
        run_virtual(main())


def test_faults_of_the_traffic_add_up() -> None:
    """Two volume faults and a wave at once keep schedule and feed in step."""
    drop = TrafficVolumeDrop(name="less", at=AT, duration=UNTIL - AT, ratio=0.5)
    twice = TrafficDuplicates(name="twice", at=AT, duration=UNTIL - AT, ratio=0.5)
    wave = TrafficFraudWave(name="wave", at=AT, duration=UNTIL - AT, rate=70.0)
    found, schedule, _ = changed(drop, wave, twice)
    due = np.concatenate([due_of(block) for block in found])
    for at_ns in range(0, 9 * NS_PER_S, NS_PER_S // 3):
        assert schedule.due_count(at_ns) == int(np.searchsorted(due, at_ns, side="right"))


def test_poison_is_refused_for_every_reason_it_claims() -> None:
    """Damaged documents are unparseable, out of range and too large, about a third each."""
    reasons: dict[str, int] = {}
    for row in inside(rows(changed(OF_KIND["traffic_poison"])[0])):
        try:
            parse(row[1])
        except ValueError as error:
            reason = refusal(row[1], error)[0]
            reasons[reason] = reasons.get(reason, 0) + 1
    assert set(reasons) == {"not_json", "out_of_range", "too_large"}
    share = sum(reasons.values()) / len(inside(rows(blocks())))
    assert share == pytest.approx(0.3, abs=0.03)


def test_duplicates_follow_their_original_with_the_same_id() -> None:
    """A chosen transaction is there three times, one right behind the other, all others once."""
    found = inside(rows(changed(OF_KIND["traffic_duplicates"])[0]))
    counts: dict[bytes, int] = {}
    for row in found:
        counts[row[1]] = counts.get(row[1], 0) + 1
    assert list(dict.fromkeys(row[1] for row in found)) == [
        key for key, _ in itertools.groupby(row[1] for row in found)
    ]
    assert set(counts.values()) == {1, 3}
    assert np.mean([count == 3 for count in counts.values()]) == pytest.approx(0.3, abs=0.03)


def test_retries_follow_each_other_at_their_distance_and_end_with_the_fault() -> None:
    """With ``after`` each copy is due that much later, perhaps in another block, unless the fault is lifted by then."""
    found = inside(rows(changed(TrafficDuplicates(**WHEN, ratio=0.3, copies=2, after=NS_PER_S))[0]))
    sent: dict[bytes, list[int]] = {}
    for due_ns, raw, *_ in found:
        sent.setdefault(raw, []).append(due_ns)
    repeated = [times for times in sent.values() if len(times) > 1]
    assert {gap for times in repeated for gap in np.diff(times).tolist()} == {NS_PER_S}
    assert {len(times) for times in repeated if times[0] < UNTIL - 2 * NS_PER_S} == {3}
    assert {len(times) for times in repeated if times[0] >= UNTIL - 2 * NS_PER_S} == {2}
    assert not [times for times in repeated if times[0] >= UNTIL - NS_PER_S]


def test_out_of_order_keeps_every_transaction_and_delays_within_the_limit() -> None:
    """The same documents arrive in another order, none later than its delay."""
    before, after = inside(rows(blocks())), inside(rows(changed(OF_KIND["traffic_out_of_order"])[0]))
    assert sorted(row[1] for row in before) == sorted(row[1] for row in after)
    due = {row[1]: row[0] for row in before}
    late = [row[0] - due[row[1]] for row in after]
    assert 0 <= min(late) <= max(late) <= 500_000_000
    assert np.mean([each > 0 for each in late]) == pytest.approx(0.3, abs=0.03)


def test_out_of_order_holds_up_beyond_the_end_of_a_block() -> None:
    """However short the blocks, transactions are held up for just as long: half a second on average, of a second."""
    fault = TrafficOutOfOrder(**WHEN, ratio=0.3, delay=NS_PER_S)

    async def main() -> list[Block]:
        clock = virtual_clock()
        schedule = FaultSchedule([fault], clock, Journal(clock), 7, Site(traffic=SPEC))
        return await rest(schedule.wrap_feed(Canned(recut(100))))

    due = {row[1]: row[0] for row in rows(blocks())}
    early = [row[0] - due[row[1]] for row in rows(run_virtual(main())) if due[row[1]] < UNTIL - NS_PER_S]
    late = [each for each in early if each]
    assert np.mean(late) == pytest.approx(NS_PER_S / 2, rel=0.1)


@every_fault
def test_event_times_of_the_books_do_not_decrease(fault: TrafficFault) -> None:
    """What labels wait by only grows, whoever comes late."""
    event_us = [row[2] for row in rows(changed(fault)[0])]
    assert event_us == sorted(event_us)


@every_fault
@given(good=st.integers(0, 4), looks=st.lists(st.integers(0, 9 * NS_PER_S), max_size=5), asked_first=st.booleans())
@settings(max_examples=8)
def test_schedule_follows_a_fault_that_fails_in_its_own_code(
    fault: TrafficFault, good: int, looks: list[int], asked_first: bool
) -> None:
    """Whichever block it fails at, in hand or in the schedule, as much is due as the feed hands out, which is all."""
    broken = Breaking(good)

    async def main() -> tuple[list[Block], Schedule, FaultRecord]:
        clock = virtual_clock()
        site = Site(traffic=SPEC)
        schedule = FaultSchedule([fault], clock, Journal(clock), 7, site)
        feed = schedule.wrap_feed(Canned(list(blocks())))
        due = Schedule.of(SPEC).altered(schedule.reschedule)
        site.recount = due.recount
        for at_ns in sorted(looks) if asked_first else ():
            due.due_count(at_ns)
        found = await rest(feed)
        await schedule.run()
        return found, due, schedule.records()[0]

    with pytest.MonkeyPatch.context() as patch:
        broken.patch(patch, type(fault))
        found, schedule, record = run_virtual(main())
    assert (record.state == "failed") == broken.has_failed
    due = np.concatenate([due_of(block) for block in found])
    assert (np.diff(due) >= 0).all()
    assert not record.error or {row[1] for row in rows(blocks()) if row[0] >= UNTIL} <= {row[1] for row in rows(found)}
    for at_ns in range(max([0, *looks]), 9 * NS_PER_S, NS_PER_S // 3):
        assert schedule.due_count(at_ns) == int(np.searchsorted(due, at_ns, side="right"))


class Breaking:
    """Lets the code of a fault fail after it was called ``good`` times."""

    def __init__(self, good: int) -> None:
        self.left = good
        self.has_failed = False

    def patch(self, patch: pytest.MonkeyPatch, fault: type[TrafficFault]) -> None:
        if issubclass(fault, TrafficFraudWave):
            patch.setattr(Attacker, "block", self._counted(Attacker.block))
        elif issubclass(fault, ArrivalFault):
            patch.setattr(fault, "arrange", self._counted(fault.arrange))  # by feed and schedule in turn
        else:
            patch.setattr(fault, "change", self._counted(fault.change))

    def _counted(self, usual: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any) -> Any:  # noqa: ANN401 - whatever it stands for
            if self.left == 0:
                self.has_failed = True
                raise ZeroDivisionError("mine")
            self.left -= 1
            return usual(*words)

        return call


@pytest.mark.parametrize(("direction", "sign"), [("ahead", 1), ("behind", -1)])
def test_clock_skew_shifts_event_times_by_its_span(direction: Literal["ahead", "behind"], sign: int) -> None:
    """The documents' times are off by exactly the skew, while the books keep the true ones."""
    found = changed(TrafficClockSkew(**WHEN, skew=3_600 * NS_PER_S, direction=direction))[0]
    shifts = {msgspec.json.decode(row[1])["event_time"] - row[2] for row in inside(rows(found))}
    assert shifts == {sign * 3_600_000_000}
    assert [row[2] for row in rows(found)] == [row[2] for row in rows(blocks())]


def test_volume_drop_loses_its_share() -> None:
    """About the given share is gone, and the others are as they were."""
    before, after = inside(rows(blocks())), inside(rows(changed(OF_KIND["traffic_volume_drop"])[0]))
    assert set(after) <= set(before)
    assert 1 - len(after) / len(before) == pytest.approx(0.7, abs=0.03)


def test_everything_may_be_lost() -> None:
    """A drop of everything leaves no block for its time."""
    assert inside(rows(changed(TrafficVolumeDrop(**WHEN, ratio=1.0))[0])) == []


def test_drift_multiplies_amounts() -> None:
    """Each amount is three times what it was."""
    before, after = inside(rows(blocks())), inside(rows(changed(OF_KIND["traffic_drift"])[0]))
    amounts = [
        (msgspec.json.decode(old[1])["amount"], msgspec.json.decode(new[1])["amount"])
        for old, new in zip(before, after, strict=True)
    ]
    assert all(new == pytest.approx(3 * old, abs=0.006) for old, new in amounts)


@pytest.mark.parametrize("attack", ["fraud_ring", "card_testing", "account_takeover", "stolen_card"])
def test_fraud_wave_adds_fraud_of_its_pattern_at_its_rate(attack: Attack) -> None:
    """Beside the ordinary traffic, untouched, there is fraud that parses, booked as such, at the given rate."""
    found = changed(TrafficFraudWave(**WHEN, rate=100.0, attack=attack))[0]
    ordinary = set(rows(blocks()))
    wave = [row for row in rows(found) if row not in ordinary]
    assert len(wave) == 300
    assert len(rows(found)) == len(ordinary) + 300
    assert {row[3] for row in wave} == {1}
    parsed = [parse(row[1]) for row in wave]
    assert len({transaction.id for transaction in parsed}) == 300
    assert all(transaction.merchant == row[4] for transaction, row in zip(parsed, wave, strict=True))
    assert all(int(transaction.event_time) == row[2] for transaction, row in zip(parsed, wave, strict=True))  # type: ignore[arg-type]  # µs
    pattern = {label for block in found for label in block.pattern.tolist()}
    assert len(pattern) > 1


def test_replay_without_schedule_is_changed_while_the_fault_is_in() -> None:
    """Where nothing is due at an instant, a block is changed if it is taken while the fault is in."""

    async def main() -> list[bool]:
        clock = virtual_clock()
        schedule = FaultSchedule([TrafficDrift(**WHEN)], clock, Journal(clock))
        feed = schedule.wrap_feed(Canned([unpaced(block) for block in blocks()]))
        switch = schedule._pairs[0][1]
        found: list[bool] = []
        for step in ("wait", "inject", "lift"):
            if step != "wait":
                getattr(switch, step)()
            block = await feed.take()
            assert block is not None
            found.append(block.raws != blocks()[len(found)].raws)
        return found

    assert run_virtual(main()) == [False, True, False]


def unpaced(block: Block) -> Block:
    return Block(0, None, block.raws, block.event_us, block.fraud, block.pattern, block.merchants, block.categories)


def test_closing_closes_the_feed_behind() -> None:
    """Every layer passes `close` on."""

    async def main() -> bool:
        clock = virtual_clock()
        schedule = FaultSchedule(FAULTS, clock, Journal(clock), 7, Site(traffic=SPEC))
        canned = Canned([])
        schedule.wrap_feed(canned).close()
        return canned.closed

    assert run_virtual(main())
