"""Laws of the pool: more load means more cards, never busier ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.clock import NS_PER_S, US_PER_HOUR
from sim.world.active_towns import MOST_TOWNS
from sim.world.phases import OnOff, RatedPhase, Sine, Spike
from sim.world.spec import WorldSpec
from tests.support.sim.worlds import BURST, steady, traffic_spec
from tests.world.test_arrivals import phases


def test_the_default_speed_keeps_cards_as_busy_as_in_training() -> None:
    """1,000 a second from 20,000 cards, at 1.34 a card and day, pass 3,224 event seconds a second."""
    spec = traffic_spec(steady(rate=1_000))
    per_card_day = spec.base_rate * 86_400 / spec.speed / 20_000
    assert per_card_day == pytest.approx(1.34)
    assert traffic_spec(steady(rate=1_000), world=WorldSpec(speed=1.0)).speed == 1.0


def test_the_base_rate_needs_the_cards_of_the_world() -> None:
    """20,000 cards are five towns, all there from the start; cards are rounded up to whole towns."""
    towns = traffic_spec(steady()).towns()
    assert [each.index for each in towns] == [0, 1, 2, 3, 4]
    assert {each.activated_us for each in towns} == {traffic_spec(steady()).begins_us}
    assert len(traffic_spec(steady(), world=WorldSpec(cards=9_000, merchants=900)).towns()) == 3


def test_active_towns_follow_a_ramp() -> None:
    """From five towns to twenty, each one ahead of need, and back to five."""
    spec = traffic_spec(*BURST)
    pool = spec.pool()
    ramp = [step for step in pool.steps if 10 * NS_PER_S <= step.from_ns < 20 * NS_PER_S]
    assert [len(step.active) for step in ramp] == list(range(6, 21))
    for step in ramp:
        rate = 1_000 + 3_000 * (step.from_ns / NS_PER_S - 10) / 10
        assert len(step.active) == pytest.approx(rate / 200 + 1, abs=1e-3)
    assert len(pool.steps[-1].active) == 5


@given(st.lists(phases, min_size=1, max_size=4), st.integers(0, 99))
@settings(max_examples=30)
def test_cards_are_never_busier_than_in_training(plan: list[RatedPhase], seed: int) -> None:
    """In every nanosecond there are enough active towns for the rate, and at most one more than that."""
    spec = traffic_spec(*plan, seed=seed, world=WorldSpec(speed=60.0))
    pool = spec.pool()
    edges_ns = np.cumsum([0, *(each.duration_ns for each in plan)])
    for at, each in enumerate(plan):
        if isinstance(each.arrivals, OnOff | Sine | Spike):
            continue
        for share in (0.0, 0.3, 0.99):
            within = (share, min(1.0, share + 1 / each.duration_ns))
            rates = [each.rate + (each.end_rate - each.rate) * at_share for at_share in within]
            least, most = (min(rate / spec.base_rate * 5, MOST_TOWNS) for rate in (min(rates), max(rates)))
            now_ns = edges_ns[at] + share * each.duration_ns
            step = [step for step in pool.steps if step.from_ns <= now_ns][-1]
            count = len(step.active)
            assert len(set(step.active.tolist())) == count
            assert least - 1e-6 <= count <= max(1, most + 1 + 1e-6)


def test_a_town_that_slept_long_is_not_woken() -> None:
    """A second burst brings towns that were never active, for the gap would show in every window."""
    burst, calm = steady(5, 3_000), steady(10, 1_000)  # 10 s are 9 hours of event time
    plan = [steady(1, 1_000), burst, calm, burst]
    steps = traffic_spec(*plan).pool().steps
    first, second = (set(step.active.tolist()) for step in steps if len(step.active) == 15)
    assert first & second == {0, 1, 2, 3, 4}


def test_a_town_that_slept_shortly_is_woken_again() -> None:
    """A silence of some minutes shows in no window."""
    burst, calm = steady(5, 3_000), steady(0.5, 1_000)  # half a second is 27 minutes
    steps = traffic_spec(steady(1, 1_000), burst, calm, burst).pool().steps
    first, second = (set(step.active.tolist()) for step in steps if len(step.active) == 15)
    assert first == second


def test_bursts_that_pass_within_an_hour_change_no_town() -> None:
    """Windows of an hour average over them, so cards look as busy as the mean rate says."""
    bursts = RatedPhase(name="x", duration_ns=20 * NS_PER_S, rate=1_000, arrivals=OnOff())
    assert len(traffic_spec(bursts).pool().steps) == 1
    slow = RatedPhase(name="x", duration_ns=60 * NS_PER_S, rate=1_000, arrivals=OnOff(on_ns=5 * NS_PER_S))
    assert len(traffic_spec(slow).pool().steps) > 2


def test_a_spike_brings_towns_for_as_long_as_it_lasts() -> None:
    """Five times the towns for one second."""
    spike = RatedPhase(name="x", duration_ns=5 * NS_PER_S, rate=1_000, arrivals=Spike())
    steps = traffic_spec(spike).pool().steps
    assert [(step.from_ns, len(step.active)) for step in steps] == [(0, 5), (2 * NS_PER_S, 25), (3 * NS_PER_S, 5)]


def test_the_pool_is_bounded() -> None:
    """A rate beyond all towns makes cards busier instead of taking all memory."""
    spec = traffic_spec(steady(1, 10), RatedPhase(name="x", duration_ns=NS_PER_S, rate=10_000))
    assert len(spec.towns()) == MOST_TOWNS


def test_load_tells_how_busy_active_towns_are() -> None:
    """1 where towns and rate match, and less just after one more town became active."""
    spec = traffic_spec(*BURST)
    pool = spec.pool()
    calm, between = (pool.event_us(at_s * NS_PER_S) for at_s in (5, 10.34))
    assert pool.load(np.array([calm])).tolist() == pytest.approx([1.0])
    assert 0.83 <= pool.load(np.array([between]))[0] < 1.0


def test_a_town_is_activated_when_its_first_step_begins() -> None:
    """Its past is moved to that instant, so it is known to the microsecond."""
    spec = traffic_spec(*BURST)
    pool = spec.pool()
    activated = {each.index: each.activated_us for each in pool.towns}
    for before, step in zip(pool.steps, pool.steps[1:], strict=False):
        for index in set(step.active.tolist()) - set(before.active.tolist()):
            assert activated[index] == pool.event_us(step.from_ns)
    assert max(activated.values()) - spec.begins_us > US_PER_HOUR
