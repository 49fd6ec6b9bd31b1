"""Laws of the fraud patterns: each shows in the features meant for it, and legitimate habits resemble it."""

from collections.abc import Callable

import numpy as np
import pytest

from actors.core.arrays import F64, Bool
from actors.core.clock import US_PER_DAY
from sim.chance import Streams
from sim.world.episodes import Episode, Scene
from sim.world.fraud import AccountTakeover, CardTesting, FraudRing, StolenCard
from sim.world.habits import Binge, Spree
from sim.world.purchases import fresh_devices
from sim.world.transactions import Pattern, Rows
from tests.support.sim.worlds import TOWN_SPEC, history, town

FRAUDS: tuple[Episode, ...] = (StolenCard(), CardTesting(), AccountTakeover(), FraudRing())
EPISODES: tuple[Episode, ...] = (*FRAUDS, Spree(), Binge())
MINUTE_US = 60_000_000
each_episode = pytest.mark.parametrize("episode", EPISODES, ids=lambda each: each.name)


def planned(episode: Episode, count: int = 400, copy: int = 3) -> Rows:
    """Return ``count`` episodes in one copy of the town, one a day apart so that they can be told apart."""
    starts_us = TOWN_SPEC.end_us + np.arange(count) * 30 * US_PER_DAY
    rows = episode.plan(Scene(town(), copy, 0), starts_us, Streams(1)[episode.name])
    return rows[np.argsort(rows["event_us"], kind="stable")]


def by_episode(rows: Rows) -> list[Rows]:
    """Cut ``rows`` into their episodes."""
    number = (rows["event_us"] - TOWN_SPEC.end_us) // (30 * US_PER_DAY)
    return np.split(rows, np.flatnonzero(np.diff(number)) + 1)


def share(test: Callable[[Rows], bool], rows: Rows) -> float:
    """Return the share of episodes that pass ``test``."""
    episodes = by_episode(rows)
    return sum(map(test, episodes)) / len(episodes)


@each_episode
def test_an_episode_is_as_long_as_it_says(episode: Episode) -> None:
    """How often it starts is computed from its mean length."""
    assert len(planned(episode)) / 400 == pytest.approx(episode.mean_tx, rel=0.06)


@each_episode
def test_an_episode_is_over_when_it_says(episode: Episode) -> None:
    """A town that opens lets go on what started so long before at most."""
    assert share(lambda each: bool(np.ptp(each["event_us"]) <= episode.longest_us), planned(episode)) >= 0.99


@each_episode
def test_an_episode_is_made_of_valid_transactions(episode: Episode) -> None:
    """Cards and merchants exist, amounts are positive, places are on earth, online is what online merchants sell."""
    rows = planned(episode)
    assert ((rows["card"] >= 0) & (rows["card"] < town().cards.count)).all()
    assert (rows["online"] == town().merchants.online[rows["merchant"]]).all()
    assert (rows["cents"] >= 50).all()
    assert (np.abs(rows["lat"]) < 90).all()
    assert (np.abs(rows["lon"]) < 180).all()
    assert (rows["town"] == 3).all()
    assert (rows["fraud"] == (episode in FRAUDS)).all()


@each_episode
def test_an_episode_of_nothing_is_nothing(episode: Episode) -> None:
    """No start, no transaction."""
    assert len(planned(episode, count=0)) == 0


def test_a_stolen_card_is_used_often_and_for_dear_things() -> None:
    """Several purchases in a few hours, far above what the holder spends."""
    rows = planned(StolenCard())
    assert share(lambda each: np.ptp(each["event_us"]) < 4 * 60 * MINUTE_US, rows) > 0.95
    honest = history()[history()["fraud"] == 0]
    assert np.median(rows["cents"]) > 4 * np.median(honest["cents"][~honest["online"]])


def test_card_testing_is_small_and_fast_at_many_merchants() -> None:
    """Most tests are below 10 units, minutes apart at most, each at another merchant."""
    tests = [
        each[each["event_us"] < each["event_us"][0] + 60 * MINUTE_US] for each in by_episode(planned(CardTesting()))
    ]
    assert np.mean([np.ptp(each["event_us"]) < 30 * MINUTE_US for each in tests]) > 0.9
    assert np.mean([len(set(each["merchant"].tolist())) / len(each) for each in tests]) > 0.8
    assert np.mean(np.concatenate(tests)["cents"] < 1_000) > 0.9


def test_card_testing_is_cashed_in_later() -> None:
    """A good part of it ends with one large purchase."""
    assert 0.3 < share(lambda each: bool((each["cents"] > 3_000).any()), planned(CardTesting())) < 0.6


def test_a_takeover_comes_from_a_new_device_mostly_abroad() -> None:
    """One device that the holder never had; some do it through the holder's own."""
    rows = planned(AccountTakeover())
    foreign = rows["ip"] != town().cards.country[rows["card"]]
    assert 0.6 < foreign.mean() < 0.95
    assert share(lambda each: len(set(each["device"].tolist())) == 1, rows) == 1.0
    own = rows["device"] < fresh_devices(np.zeros(1))
    assert 0.05 < own.mean() < 0.2


def test_a_ring_shares_devices_among_cards() -> None:
    """Two devices, many cards, spread over days."""
    rows = planned(FraudRing())
    assert share(lambda each: len(set(each["device"].tolist())) <= 2, rows) == 1.0
    assert share(lambda each: len(set(each["card"].tolist())) >= 8, rows) > 0.9
    assert share(lambda each: np.ptp(each["event_us"]) > US_PER_DAY / 2, rows) > 0.95


def test_compromised_merchants_stand_out_by_their_past_only() -> None:
    """Amounts are like any other there; the merchant's share of fraud is not."""
    rows = history()
    bad = rows[rows["pattern"] == Pattern.COMPROMISED_MERCHANT]
    per_merchant = np.bincount(bad["merchant"], minlength=town().merchants.count)
    hit = per_merchant > 0
    assert 8 <= hit.sum() <= 60
    honest = rows[hit[rows["merchant"]] & (rows["fraud"] == 0)]
    assert abs(ranked_above(bad["cents"], honest["cents"]) - 0.5) < 0.15
    risk = per_merchant[hit] / np.bincount(rows["merchant"], minlength=town().merchants.count)[hit]
    assert risk.mean() > 10 * rows["fraud"].mean()


def test_a_compromise_lasts_for_weeks() -> None:
    """Long enough for delayed labels to tell."""
    rows = history()
    bad = rows[rows["pattern"] == Pattern.COMPROMISED_MERCHANT]
    spans = [np.ptp(bad["event_us"][bad["merchant"] == merchant]) for merchant in np.unique(bad["merchant"])]
    assert np.median(spans) > 5 * US_PER_DAY


def ranked_above(fraud: F64, honest: F64) -> float:
    """Return the probability that a fraud has the larger value: the ROC-AUC of one number."""
    place = np.searchsorted(np.sort(honest), fraud, side="left") + np.searchsorted(np.sort(honest), fraud, side="right")
    return float(place.mean() / 2 / len(honest))


def test_no_single_field_of_a_transaction_tells_fraud() -> None:
    """Amount, channel and foreign address help, and none of them is enough."""
    rows = history()
    fraud: Bool = rows["fraud"] == 1
    foreign = (rows["ip"] != town().cards.country[rows["card"]]).astype(np.float64)
    for values in (rows["cents"].astype(np.float64), rows["online"].astype(np.float64), foreign):
        assert 0.5 < ranked_above(values[fraud], values[~fraud]) < 0.75


def test_habits_look_like_fraud() -> None:
    """Sprees have the velocity of a stolen card, binges that of card testing, and both are legitimate."""
    assert share(lambda each: len(each) >= 3 and np.ptp(each["event_us"]) < 4 * 60 * MINUTE_US, planned(Spree())) > 0.9
    assert share(lambda each: len(each) >= 4 and np.ptp(each["event_us"]) < 90 * MINUTE_US, planned(Binge())) > 0.95
    assert np.mean(planned(Binge())["cents"] < 1_000) > 0.8
