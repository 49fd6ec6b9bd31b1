"""Laws of the agenda: whenever a town opens, its episodes look as if they had always been going on."""

import functools

import numpy as np
import pytest

from actors.core.clock import US_PER_DAY, US_PER_HOUR
from sim.chance import Streams
from sim.world.episode_schedule import EpisodeSchedule, kinds
from sim.world.transactions import Pattern, Rows
from tests.support.sim.worlds import TOWN_SPEC, town

TOWNS = 200
OPENS_US = TOWN_SPEC.end_us + 5 * US_PER_HOUR


@functools.cache
def opened(busy: float = 1.0) -> Rows:
    """Return what many towns that open at once plan for their first three days."""
    episode_schedule = EpisodeSchedule(town(), Streams(3), busy=busy)
    for copy in range(TOWNS):
        episode_schedule.open(copy, OPENS_US, 5 * US_PER_HOUR, under_way=True)
    episode_schedule.plan_until(OPENS_US + 3 * US_PER_DAY)
    return episode_schedule.take(OPENS_US + 3 * US_PER_DAY)


def test_nothing_takes_place_before_a_town_opens() -> None:
    """Of the episodes under way only the rest is planned."""
    assert opened()["event_us"].min() >= OPENS_US


@pytest.mark.parametrize("pattern", [each for each in Pattern if each is not Pattern.COMPROMISED_MERCHANT])
def test_a_town_opens_with_its_share_of_every_episode(pattern: Pattern) -> None:
    """In its first half day there are as many transactions of a kind as later, and as many as its share says."""
    rows = opened()[opened()["pattern"] == pattern]
    half_day = (rows["event_us"] - OPENS_US) // (US_PER_DAY // 2)
    first, *later = np.bincount(half_day, minlength=6).tolist()
    assert first == pytest.approx(np.mean(later), rel=0.2)
    due = sum(each.tx_per_day for each in kinds(TOWN_SPEC) if is_of(each.episode.name, pattern))
    assert len(rows) / TOWNS / 3 == pytest.approx(due, rel=0.1)


def is_of(name: str, pattern: Pattern) -> bool:
    """Return whether episodes called ``name`` make transactions of ``pattern``; habits make those of none."""
    return name == pattern.label or (pattern is Pattern.NONE and name in ("spree", "binge"))


def test_what_is_under_way_is_a_town_s_own() -> None:
    """No two towns open with the same victims: together they would be an alarm."""
    rows = opened()
    fraud = rows[(rows["pattern"] == Pattern.STOLEN_CARD) & (rows["event_us"] < OPENS_US + US_PER_HOUR)]
    victims = {(each["town"].item(), each["card"].item()) for each in fraud}
    cards = [card for _, card in victims]
    assert len(victims) > 15
    assert len(set(cards)) > 0.9 * len(cards)


def test_a_town_opens_as_it_would_without_others() -> None:
    """Each has streams of its own."""
    episode_schedule = EpisodeSchedule(town(), Streams(3))
    episode_schedule.open(7, OPENS_US, 5 * US_PER_HOUR, under_way=True)
    episode_schedule.plan_until(OPENS_US + 3 * US_PER_DAY)
    alone = episode_schedule.take(OPENS_US + 3 * US_PER_DAY)
    assert (alone == opened()[opened()["town"] == 7]).all()


def test_a_busy_world_plans_no_more_at_once() -> None:
    """Where cards are fifty times as busy, windows are a fiftieth, so as much is planned ahead."""
    calm, busy = (EpisodeSchedule(town(), Streams(3), busy=busy) for busy in (1.0, 50.0))
    for episode_schedule in (calm, busy):
        episode_schedule.open(0, OPENS_US, under_way=True)
        episode_schedule.plan_until(OPENS_US + 1)
    assert len(busy.pending()) < 5 * len(calm.pending())
