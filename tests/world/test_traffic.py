"""Laws of traffic: the schedule is kept, cards stay as busy as in training, labels stay outside."""

import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from actors.core.clock import NS_PER_S, US_PER_DAY, US_PER_HOUR, Clock, ScaledEventTime
from actors.core.transaction import parse
from sim.chance import Streams
from sim.feeds.feed import Block
from sim.world.arrivals import arrivals
from sim.world.history import past_of
from sim.world.phases import RatedPhase
from sim.world.spec import WorldSpec
from sim.world.traffic import BLOCK
from sim.world.transactions import Pattern
from tests.support.sim.worlds import BURST, burst_blocks, due_ns, history, steady, town, traffic_spec

SPEC = traffic_spec(*BURST)
BASELINE, RAMP, PEAK = (slice(at * 10 * NS_PER_S, (at + 1) * 10 * NS_PER_S) for at in range(3))
TX_PER_CARD_DAY = 1.34


def during(span: slice) -> list[bytes]:
    """Return the transactions of a run with a burst that are due within ``span`` ns."""
    raws = list(itertools.chain.from_iterable(block.raws for block in burst_blocks()))
    inside = (due_ns(burst_blocks()) >= span.start) & (due_ns(burst_blocks()) < span.stop)
    return list(itertools.compress(raws, inside.tolist()))


def test_transactions_come_at_the_intended_arrivals() -> None:
    """One for each arrival of the schedule, in blocks of 2,048, numbered without a gap."""
    blocks = burst_blocks()
    assert due_ns(blocks).tolist() == np.concatenate(list(arrivals(SPEC.phases, Streams(SPEC.seed)))).tolist()
    assert [len(block) for block in blocks[:-1]] == [BLOCK] * (len(blocks) - 1)
    assert [block.first for block in blocks] == list(range(0, BLOCK * len(blocks), BLOCK))


class _At(Clock):
    """A clock that shows what it is told to."""

    def __init__(self) -> None:
        self.at_ns = 0

    def now_ns(self) -> int:
        """Return the instant."""
        return self.at_ns

    async def sleep_ns(self, span_ns: int) -> None:
        """Do nothing."""

    async def sleep_until_ns(self, at_ns: int) -> None:
        """Do nothing."""


def test_event_time_is_the_runs_event_time() -> None:
    """Each transaction carries, to the microsecond, what the event clock shows when it is due."""
    clock = _At()
    event_time = ScaledEventTime(clock, SPEC.begins_us, SPEC.speed)
    for block in burst_blocks()[::10]:
        assert block.due_ns is not None
        for at in (0, len(block) // 2, len(block) - 1):
            clock.at_ns = int(block.due_ns[at])
            assert event_time.now_us() == block.event_us[at] == parse(block.raws[at]).event_time


def test_every_transaction_parses_with_all_fields() -> None:
    """The pipeline's strict parser takes them all; ids are unique."""
    seen = set()
    for block in burst_blocks()[::4]:
        for raw, merchant, category in zip(block.raws, block.merchants, block.categories, strict=True):
            transaction = parse(raw)
            assert (transaction.merchant, transaction.category) == (merchant, category)
            seen.add(transaction.id)
    assert len(seen) == sum(len(block) for block in burst_blocks()[::4])


def test_labels_are_never_in_a_transaction() -> None:
    """Its fields are those of a payment, and none tells fraud from the rest."""
    fields = {
        *("id", "event_time", "card", "merchant", "amount", "currency", "category", "channel", "device"),
        *("ip_country", "card_country", "lat", "lon"),
    }
    block = next(block for block in burst_blocks() if block.fraud.any())
    assert all(set(json.loads(raw)) == fields for raw in block.raws)


def test_nothing_in_a_name_tells_fraud() -> None:
    """Devices of thieves are numbered like other new ones, ids count on."""
    shape: dict[int, set[str]] = {0: set(), 1: set()}
    for block in burst_blocks():
        for raw, fraud in zip(block.raws, block.fraud.tolist(), strict=True):
            names = [json.loads(raw)[field] for field in ("card", "merchant", "device")] if fraud else None
            if names:
                shape[1].add(re.sub(r"\d+", "n", " ".join(names)))
    assert shape[1] == {"cn-n mn-n dn-n"}


def busyness(span: slice, field: str) -> tuple[float, int]:
    """Return transactions a day of each distinct card or merchant of the active towns, and how many towns there are."""
    names = Counter(json.loads(raw)[field] for raw in during(span))
    towns = {name.split("-")[0] for name in names}
    count = len(towns) * (town().cards.count if field == "card" else town().merchants.count)
    days = (span.stop - span.start) / NS_PER_S * SPEC.speed / 86_400
    return sum(names.values()) / count / days, len(towns)


def test_cards_are_as_busy_in_a_burst_as_in_training() -> None:
    """Four times the rate comes from four times the cards."""
    calm, few = busyness(BASELINE, "card")
    burst, many = busyness(PEAK, "card")
    assert (few, many) == (5, 20)
    assert calm == pytest.approx(TX_PER_CARD_DAY, rel=0.03)
    assert burst == pytest.approx(TX_PER_CARD_DAY, rel=0.03)


def test_merchants_are_as_busy_in_a_burst_as_in_training() -> None:
    """And each of them, not only their mean: it has the share that it always has at those hours."""
    calm, _ = busyness(BASELINE, "merchant")
    burst, _ = busyness(PEAK, "merchant")
    assert burst == pytest.approx(calm, rel=0.03)
    seen = Counter(int(json.loads(raw)["merchant"].split("-")[1]) for raw in during(PEAK))
    share = np.array([seen[at] for at in range(town().merchants.count)]) / len(during(PEAK))
    first, last = (parse(raw).event_time % US_PER_DAY for raw in (during(PEAK)[0], during(PEAK)[-1]))  # type: ignore[operator]  # ours are integers
    rows = history()
    same_hours = ((rows["event_us"] - first) % US_PER_DAY) < ((last - first) % US_PER_DAY)
    always = np.bincount(rows["merchant"][same_hours], minlength=town().merchants.count) / same_hours.sum()
    assert np.corrcoef(share, always)[0, 1] > 0.97


def test_all_active_towns_are_equally_busy() -> None:
    """In the burst each of the twenty has its twentieth."""
    towns = Counter(json.loads(raw)["card"].split("-")[0] for raw in during(PEAK))
    assert min(towns.values()) > 0.9 * len(during(PEAK)) / 20
    assert max(towns.values()) < 1.1 * len(during(PEAK)) / 20


def test_a_drill_of_an_hour_meets_all_local_hours() -> None:
    """One hour of event time has the local hours of the whole history."""
    raws = during(slice(PEAK.start, PEAK.start + NS_PER_S))
    local = [(parse(raw).event_time / US_PER_HOUR + parse(raw).lon / 15) % 24 for raw in raws]  # type: ignore[operator]  # ours are integers, and have a place
    here = np.histogram(local, bins=8, range=(0, 24))[0] / len(raws)
    rows = history()
    always = np.histogram((rows["event_us"] / US_PER_HOUR + rows["lon"] / 15) % 24, bins=8, range=(0, 24))[0] / len(
        rows
    )
    assert ((here - always) * np.log(here / always)).sum() < 0.02


def test_a_run_has_its_fraud() -> None:
    """About one in a hundred, of all five patterns."""
    blocks = list(traffic_spec(steady(60), seed=3).build())
    pattern = np.concatenate([block.pattern for block in blocks])
    assert (pattern > 0).mean() == pytest.approx(0.01, rel=0.25)
    assert (np.bincount(pattern, minlength=6)[1:] / (pattern > 0).sum()).min() >= 0.08


def test_a_world_with_its_own_speed_keeps_the_fraud_ratio() -> None:
    """At speed 60 cards are 54 times as busy, and so are thieves."""
    blocks = traffic_spec(steady(60), world=WorldSpec(speed=60)).build()
    assert np.concatenate([block.fraud for block in blocks]).mean() == pytest.approx(0.01, rel=0.35)


def test_merchants_that_history_left_compromised_stay_so_in_every_town() -> None:
    """What the past began goes on in the run, for the copies as for the town itself."""
    left = past_of(town()).compromises.until_us > town().spec.end_us
    block = next(iter(traffic_spec(steady(20)).build()))
    hit = list(itertools.compress(block.merchants, (block.pattern == Pattern.COMPROMISED_MERCHANT).tolist()))
    towns, merchants = zip(*(name[1:].split("-") for name in hit), strict=True)
    assert all(left[int(merchant)] for merchant in merchants)
    assert len(set(towns)) >= 3


def test_a_later_phase_does_not_change_earlier_traffic() -> None:
    """Chance of the first phase is drawn before, and apart from, that of the second."""
    once = [raw for block in traffic_spec(steady(8)).build() for raw in block.raws]
    more = traffic_spec(steady(8), RatedPhase(name="more", duration_ns=NS_PER_S, rate=3_000))
    again = [raw for block in more.build() for raw in block.raws]
    assert again[: len(once) // BLOCK * BLOCK] == once[: len(once) // BLOCK * BLOCK]


def test_another_seed_is_another_run_in_the_same_town() -> None:
    """Only the profiles stay."""
    first, second = (next(iter(traffic_spec(steady(), seed=seed).build())) for seed in (1, 2))
    assert first.raws != second.raws
    assert not set(map(bytes, first.raws)) & set(second.raws)


def test_a_card_goes_on_where_history_ends() -> None:
    """A run starts at the end of the history, on the same cards."""
    block: Block = burst_blocks()[0]
    assert 0 <= block.event_us[0] - history()["event_us"][-1] < US_PER_DAY / 24


def digest() -> str:
    """Return a digest over a run with a burst."""
    whole = hashlib.sha256()
    for block in traffic_spec(
        steady(2), RatedPhase(name="up", duration_ns=NS_PER_S, rate=1_000, ramp_to=3_000)
    ).build():
        whole.update(b"\n".join(block.raws))
        whole.update(block.fraud.tobytes())
    return whole.hexdigest()


def test_the_same_traffic_in_every_process() -> None:
    """The same seed makes the same bytes, whatever Python's text hash is seeded with."""
    code = "from tests.world.test_traffic import digest; print(digest())"
    child = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "98765", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.strip() == digest()
