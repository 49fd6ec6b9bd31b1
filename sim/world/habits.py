"""Legitimate habits that look like fraud: a shopping spree, a binge of small purchases."""

from dataclasses import dataclass

import numpy as np

from actors.core.arrays import I64
from actors.core.clock import US_PER_HOUR
from sim.world.episodes import Scene, spread_out
from sim.world.purchases import SMALLEST_CENTS, amount_cents, own_device, put_at_merchant, put_online, terminal_devices
from sim.world.transactions import Rows

_SPREE_GAP_US = 18 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Spree:
    """Three to eight purchases at merchants of the city the holder is in, many of them dear."""

    name: str = "spree"
    mean_tx: float = 5.5
    longest_us: int = 6 * US_PER_HOUR

    def plan(self, scene: Scene, starts_us: I64, rng: np.random.Generator) -> Rows:
        """Return the transactions of the sprees that start at ``starts_us``."""
        town = scene.town
        buyer = town.rhythm.card_at(starts_us, rng.random(len(starts_us)))
        city = scene.city_of(buyer, starts_us)
        episode, rows = spread_out(starts_us, rng.integers(3, 9, len(starts_us)), _SPREE_GAP_US, rng)
        card, count = buyer[episode], len(episode)
        merchant = town.merchants.physical_at(city[episode], rng.random(count), loot=True)
        rows["town"], rows["card"], rows["merchant"] = scene.copy, card, merchant
        factor = rng.lognormal(0.3, 0.4, count)
        rows["cents"] = amount_cents(town, card, merchant, rng.standard_normal(count), factor)
        rows["device"] = terminal_devices(merchant, rng.random(count))
        put_at_merchant(rows, town)
        return rows


_BINGE_GAP_US = 3 * 60 * 1_000_000
_BINGE_MERCHANTS = 4  # a player uses few


@dataclass(frozen=True, slots=True)
class Binge:
    """Four to fourteen small purchases at a few online merchants, from the holder's own device."""

    name: str = "binge"
    mean_tx: float = 9.0
    longest_us: int = 2 * US_PER_HOUR

    def plan(self, scene: Scene, starts_us: I64, rng: np.random.Generator) -> Rows:
        """Return the transactions of the binges that start at ``starts_us``."""
        town, episodes = scene.town, len(starts_us)
        buyer = town.rhythm.card_at(starts_us, rng.random(episodes))
        device = own_device(town, buyer, starts_us - scene.shift_us, rng.random(episodes))
        city = scene.city_of(buyer, starts_us)
        shops = town.merchants.online_at(rng.random(episodes * _BINGE_MERCHANTS)).reshape(episodes, _BINGE_MERCHANTS)
        episode, rows = spread_out(starts_us, rng.integers(4, 15, episodes), _BINGE_GAP_US, rng)
        count = len(episode)
        rows["town"], rows["card"], rows["online"] = scene.copy, buyer[episode], True
        rows["merchant"] = shops[episode, rng.integers(0, _BINGE_MERCHANTS, count)]
        rows["cents"] = np.maximum(np.rint(rng.lognormal(1.1, 0.8, count) * 100), SMALLEST_CENTS)
        rows["device"] = device[episode]
        put_online(rows, town, city[episode], rng.standard_normal((count, 2)))
        return rows
