"""A shopping spree: several purchases in town within an hour or two. Legitimate, and looks like a stolen card."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import I64
from actors.clock import US_PER_HOUR
from sim.world import devices
from sim.world.episodes import Scene, spread_out
from sim.world.places import put_at_merchant
from sim.world.purchases import amount_cents
from sim.world.rows import Rows

_MEAN_GAP_US = 18 * 60 * 1_000_000


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
        episode, rows = spread_out(starts_us, rng.integers(3, 9, len(starts_us)), _MEAN_GAP_US, rng)
        card, count = buyer[episode], len(episode)
        merchant = town.merchants.physical_at(city[episode], rng.random(count), loot=True)
        rows["town"], rows["card"], rows["merchant"] = scene.copy, card, merchant
        factor = rng.lognormal(0.3, 0.4, count)
        rows["cents"] = amount_cents(town, card, merchant, rng.standard_normal(count), factor)
        rows["device"] = devices.terminal(merchant, rng.random(count))
        put_at_merchant(rows, town)
        return rows
