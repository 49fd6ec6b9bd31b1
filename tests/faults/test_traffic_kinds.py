"""Each kind of fault of the traffic does what it says."""

import itertools
from typing import Literal

import msgspec
import numpy as np
import pytest

from actors.core.clock import NS_PER_S
from actors.core.transaction import parse, refusal
from sim.faults.traffic import (
    TrafficClockSkew,
    TrafficDuplicates,
    TrafficFraudWave,
    TrafficOutOfOrder,
    TrafficPoison,
    TrafficVolumeDrop,
)
from sim.feeds.feed import Block
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal
from tests.support.sim.faults import virtual_clock
from tests.support.sim.faulty_traffic import (
    AT,
    OF_KIND,
    SPEC,
    UNTIL,
    WHEN,
    Attack,
    Canned,
    blocks,
    changed,
    inside,
    recut,
    rest,
    rows,
)
from tests.support.virtual import run_virtual


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
        schedule = FaultSchedule([fault], clock, Journal(clock), 7, FaultTargets(traffic=SPEC))
        return await rest(schedule.wrap_feed(Canned(recut(100))))

    due = {row[1]: row[0] for row in rows(blocks())}
    early = [row[0] - due[row[1]] for row in rows(run_virtual(main())) if due[row[1]] < UNTIL - NS_PER_S]
    late = [each for each in early if each]
    assert np.mean(late) == pytest.approx(NS_PER_S / 2, rel=0.1)


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


@pytest.mark.parametrize("kind", ["traffic_drift", "traffic_clock_skew", "traffic_poison"])
def test_what_another_fault_has_damaged_stays_damaged(kind: str) -> None:
    """A fault that changes fields leaves alone what has none any more, whichever comes first in the file."""
    damaged = TrafficPoison(name="first", at=AT, duration=UNTIL - AT, ratio=0.4, damage=("unparseable", "out_of_range"))
    alone, other = rows(changed(damaged)[0]), OF_KIND[kind]
    bad = {number for number, row in enumerate(alone) if refused(row[1])}
    for faults in ((damaged, other), (other, damaged)):
        both = rows(changed(*faults)[0])
        assert len(both) == len(alone)
        assert all(refused(both[number][1]) for number in bad)


def refused(raw: bytes) -> bool:
    """Return whether the pipeline refuses the document."""
    try:
        parse(raw)
    except ValueError:
        return True
    return False
