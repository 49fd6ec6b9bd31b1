"""Fraud, pattern by pattern: stolen cards, tested cards, taken accounts, rings, compromised merchants.

Nothing in a single transaction gives it away. Only labels do, which arrive late.
"""

from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F64, I64, Bool
from actors.core.clock import US_PER_DAY, US_PER_HOUR
from sim.world.episodes import Scene, spread_out, starts
from sim.world.purchases import (
    SMALLEST_CENTS,
    amount_cents,
    fresh_devices,
    own_device,
    put_at_merchant,
    put_online,
    somewhere_else,
    terminal_devices,
)
from sim.world.town import Town
from sim.world.transactions import Pattern, Rows, empty

_THEFT_GAP_US = 12 * 60 * 1_000_000
_ELSEWHERE = 0.5  # share of thieves who shop in another city


@dataclass(frozen=True, slots=True)
class StolenCard:
    """Three to ten purchases in shops, dearer than the holder's, where goods sell again."""

    name: str = "stolen_card"
    mean_tx: float = 6.5
    longest_us: int = 6 * US_PER_HOUR

    def plan(self, scene: Scene, starts_us: I64, rng: np.random.Generator) -> Rows:
        """Return the transactions of the thefts that start at ``starts_us``."""
        town, episodes = scene.town, len(starts_us)
        victim = town.rhythm.card_at(starts_us, rng.random(episodes))
        city = somewhere_else(scene.city_of(victim, starts_us), rng.random(episodes) < _ELSEWHERE, rng)
        episode, rows = spread_out(starts_us, rng.integers(3, 11, episodes), _THEFT_GAP_US, rng)
        card, count = victim[episode], len(episode)
        merchant = town.merchants.physical_at(city[episode], rng.random(count), loot=True)
        rows["town"], rows["card"], rows["merchant"] = scene.copy, card, merchant
        factor = rng.lognormal(1.5, 0.5, count)
        rows["cents"] = amount_cents(town, card, merchant, rng.standard_normal(count), factor)
        rows["device"] = terminal_devices(merchant, rng.random(count))
        put_at_merchant(rows, town)
        rows["fraud"], rows["pattern"] = 1, Pattern.STOLEN_CARD
        return rows


_FEWEST_TESTS, _MOST_TESTS = 4, 20  # tests
_FASTEST_US, _SLOWEST_US = 15 * 1_000_000, 90 * 1_000_000  # mean gap between two tests
_CASHED = 0.4  # share of tested cards that are cashed in
_CASH_DELAY_US = 6 * 3_600 * 1_000_000
_CHANGING = 0.4  # share of bots that look like another device each time
_FOREIGN_TESTERS = 0.5


@dataclass(frozen=True, slots=True)
class CardTesting:
    """Small amounts at many online merchants within minutes, then perhaps one large purchase."""

    name: str = "card_testing"
    mean_tx: float = (_FEWEST_TESTS + _MOST_TESTS) / 2 + _CASHED
    longest_us: int = 2 * US_PER_DAY

    def plan(self, scene: Scene, starts_us: I64, rng: np.random.Generator) -> Rows:
        """Return the transactions of the tests that start at ``starts_us``."""
        episodes = len(starts_us)
        counts = rng.integers(_FEWEST_TESTS, _MOST_TESTS + 1, episodes)
        gap_us = rng.uniform(_FASTEST_US, _SLOWEST_US, episodes)
        tested, tests = spread_out(starts_us, counts, gap_us, rng)
        cashed = np.flatnonzero(rng.random(episodes) < _CASHED)
        cash = np.zeros(len(cashed), dtype=tests.dtype)
        cash["event_us"] = starts_us[cashed] + rng.exponential(_CASH_DELAY_US, len(cashed)).astype(np.int64)
        rows = np.concatenate([tests, cash])
        small = np.arange(len(rows)) < len(tests)
        self._fill(rows, np.concatenate([tested, cashed]), small, scene, starts_us, rng)
        return rows

    def _fill(
        self, rows: Rows, episode: I64, small: Bool, scene: Scene, starts_us: I64, rng: np.random.Generator
    ) -> None:
        town, episodes, count = scene.town, len(starts_us), len(rows)
        victim = town.rhythm.card_at(starts_us, rng.random(episodes))
        city = somewhere_else(scene.city_of(victim, starts_us), rng.random(episodes) < _FOREIGN_TESTERS, rng)
        draw: F64 = rng.random(count)
        loot = town.merchants.online_at(draw, loot=True)
        rows["town"], rows["card"], rows["online"] = scene.copy, victim[episode], True
        rows["merchant"] = np.where(small, town.merchants.online_at(draw), loot)
        dear = amount_cents(town, victim[episode], loot, rng.standard_normal(count), 2.5)
        test = np.maximum(np.rint(rng.lognormal(0.9, 0.8, count) * 100), SMALLEST_CENTS)
        rows["cents"] = np.where(small, test, dear)
        changing = (rng.random(episodes) < _CHANGING)[episode]
        one, each = fresh_devices(rng.random(episodes))[episode], fresh_devices(rng.random(count))
        rows["device"] = np.where(changing, each, one)
        put_online(rows, town, city[episode], rng.standard_normal((count, 2)))
        rows["fraud"], rows["pattern"] = 1, Pattern.CARD_TESTING


_TAKEOVER_GAP_US = 60 * 60 * 1_000_000
_FOREIGN_TAKEOVERS = 0.85
_REMOTE = 0.1  # share done through the holder's own device; nearly nothing tells these apart


@dataclass(frozen=True, slots=True)
class AccountTakeover:
    """Three to eight online purchases, somewhat dearer than the holder's."""

    name: str = "account_takeover"
    mean_tx: float = 5.5
    longest_us: int = US_PER_DAY

    def plan(self, scene: Scene, starts_us: I64, rng: np.random.Generator) -> Rows:
        """Return the transactions of the takeovers that start at ``starts_us``."""
        town, episodes = scene.town, len(starts_us)
        victim = town.rhythm.card_at(starts_us, rng.random(episodes))
        remote = rng.random(episodes) < _REMOTE
        here = scene.city_of(victim, starts_us)
        city = somewhere_else(here, ~remote & (rng.random(episodes) < _FOREIGN_TAKEOVERS), rng)
        own = own_device(town, victim, starts_us - scene.shift_us, rng.random(episodes))
        device = np.where(remote, own, fresh_devices(rng.random(episodes)))
        episode, rows = spread_out(starts_us, rng.integers(3, 9, episodes), _TAKEOVER_GAP_US, rng)
        card, count = victim[episode], len(episode)
        merchant = town.merchants.online_at(rng.random(count), loot=True)
        rows["town"], rows["card"], rows["online"], rows["merchant"] = scene.copy, card, True, merchant
        factor = rng.lognormal(1.2, 0.5, count)
        rows["cents"] = amount_cents(town, card, merchant, rng.standard_normal(count), factor)
        rows["device"] = device[episode]
        put_online(rows, town, city[episode], rng.standard_normal((count, 2)))
        rows["fraud"], rows["pattern"] = 1, Pattern.ACCOUNT_TAKEOVER
        return rows


_RING_CARDS = 14
_RING_DEVICES = 2
_FEWEST_IN_RING, _MOST_IN_RING = 16, 36  # transactions
_SHORTEST_RING_US, _LONGEST_RING_US = US_PER_DAY, 3 * US_PER_DAY
_FOREIGN_RINGS = 0.3  # share of rings that do not hide their country


@dataclass(frozen=True, slots=True)
class FraudRing:
    """Sixteen to 36 online purchases of ordinary size, with up to 14 cards on two devices."""

    name: str = "fraud_ring"
    mean_tx: float = (_FEWEST_IN_RING + _MOST_IN_RING) / 2
    longest_us: int = _LONGEST_RING_US

    def plan(self, scene: Scene, starts_us: I64, rng: np.random.Generator) -> Rows:
        """Return the transactions of the rings that start at ``starts_us``."""
        town, rings = scene.town, len(starts_us)
        members = rng.integers(0, town.cards.count, (rings, _RING_CARDS))
        shared = fresh_devices(rng.random((rings, _RING_DEVICES)))
        foreign = rng.random(rings) < _FOREIGN_RINGS
        length_us = rng.integers(_SHORTEST_RING_US, _LONGEST_RING_US, rings)
        ring = np.repeat(np.arange(rings), rng.integers(_FEWEST_IN_RING, _MOST_IN_RING + 1, rings))
        count = len(ring)
        rows = empty(count)
        rows["event_us"] = starts_us[ring] + (rng.random(count) * length_us[ring]).astype(np.int64)
        card = members[ring, rng.integers(0, _RING_CARDS, count)]
        merchant = town.merchants.online_at(rng.random(count), loot=True)
        rows["town"], rows["card"], rows["online"], rows["merchant"] = scene.copy, card, True, merchant
        factor = rng.lognormal(0.5, 0.4, count)
        rows["cents"] = amount_cents(town, card, merchant, rng.standard_normal(count), factor)
        rows["device"] = shared[ring, rng.integers(0, _RING_DEVICES, count)]
        city = somewhere_else(town.cards.city[card], foreign[ring], rng)
        put_online(rows, town, city, rng.standard_normal((count, 2)))
        rows["fraud"], rows["pattern"] = 1, Pattern.FRAUD_RING
        return rows


COMPROMISED_MERCHANT = "compromised_merchant"
LONGEST_COMPROMISE_US = 21 * US_PER_DAY
_SHORTEST_COMPROMISE_US = 7 * US_PER_DAY
_LEAST_SHARE, _MOST_SHARE = 0.5, 0.9  # share of a compromised merchant's transactions that are fraud
_QUIETEST, _BUSIEST = 2.0, 12.0  # transactions a day of those attacked: small merchants guard themselves less


class Compromises:
    """Which merchants of which copies of a town are compromised, until when, and how badly.

    Args:
        town: the profiles.
    """

    def __init__(self, town: Town) -> None:
        rate = town.merchant_share * town.spec.tx_per_day
        attacked = np.flatnonzero((rate >= _QUIETEST) & (rate <= _BUSIEST))
        self._attacked: I64 = attacked if len(attacked) else np.arange(len(rate))
        days = (_SHORTEST_COMPROMISE_US + LONGEST_COMPROMISE_US) / 2 / US_PER_DAY
        self.mean_tx = float(days * (_LEAST_SHARE + _MOST_SHARE) / 2 * rate[self._attacked].mean())
        self._merchants = town.merchants.count
        self.from_us: I64 = np.zeros(0, dtype=np.int64)  # one entry a merchant of a copy: its latest compromise
        self.until_us: I64 = np.zeros(0, dtype=np.int64)
        self.share: F64 = np.zeros(0)

    def plan(self, copy: int, from_us: int, until_us: int, per_day: float, rng: np.random.Generator) -> None:
        """Add what starts in ``[from_us, until_us)``; a merchant that is compromised already is left alone."""
        self._make_room(copy)
        starts_us = starts(per_day, from_us, until_us, rng)
        count = len(starts_us)
        merchant = rng.choice(self._attacked, count)
        length_us = rng.integers(_SHORTEST_COMPROMISE_US, LONGEST_COMPROMISE_US, count)
        share = rng.uniform(_LEAST_SHARE, _MOST_SHARE, count)
        for at, start_us in enumerate(starts_us.tolist()):
            place = copy * self._merchants + merchant[at]
            if self.until_us[place] <= from_us:
                self.from_us[place], self.until_us[place] = start_us, start_us + length_us[at]
                self.share[place] = share[at]

    def copy_from(self, past: "Compromises", copy: int, shift_us: int) -> None:
        """Let ``copy`` begin as the first copy of ``past`` ended, moved in time by ``shift_us``."""
        self._make_room(copy)
        here, there = slice(copy * self._merchants, (copy + 1) * self._merchants), slice(0, self._merchants)
        self.from_us[here] = past.from_us[there] + shift_us
        self.until_us[here] = past.until_us[there] + shift_us
        self.share[here] = past.share[there]

    def corrupt(self, rows: Rows, draw: F64) -> None:
        """Turn the share of legitimate ``rows`` at compromised merchants into fraud, chosen by ``draw`` in [0, 1)."""
        place = rows["town"].astype(np.int64) * self._merchants + rows["merchant"]
        event_us = rows["event_us"]
        bad: Bool = (draw < self.share[place]) & (rows["fraud"] == 0)
        bad &= (event_us >= self.from_us[place]) & (event_us < self.until_us[place])
        rows["fraud"][bad], rows["pattern"][bad] = 1, Pattern.COMPROMISED_MERCHANT

    def _make_room(self, copy: int) -> None:
        missing = (copy + 1) * self._merchants - len(self.share)
        if missing > 0:
            self.from_us = np.append(self.from_us, np.zeros(missing, dtype=np.int64))
            self.until_us = np.append(self.until_us, np.zeros(missing, dtype=np.int64))
            self.share = np.append(self.share, np.zeros(missing))
