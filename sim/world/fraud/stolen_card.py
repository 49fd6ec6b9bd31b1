"""Stolen card: a thief goes shopping before the card is blocked. Velocity and high amounts give it away."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import I64
from actors.clock import US_PER_HOUR
from sim.world import devices
from sim.world.episodes import Scene, spread_out
from sim.world.places import put_at_merchant, somewhere_else
from sim.world.purchases import amount_cents
from sim.world.rows import Pattern, Rows

_MEAN_GAP_US = 12 * 60 * 1_000_000
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
        episode, rows = spread_out(starts_us, rng.integers(3, 11, episodes), _MEAN_GAP_US, rng)
        card, count = victim[episode], len(episode)
        merchant = town.merchants.physical_at(city[episode], rng.random(count), loot=True)
        rows["town"], rows["card"], rows["merchant"] = scene.copy, card, merchant
        factor = rng.lognormal(1.5, 0.5, count)
        rows["cents"] = amount_cents(town, card, merchant, rng.standard_normal(count), factor)
        rows["device"] = devices.terminal(merchant, rng.random(count))
        put_at_merchant(rows, town)
        rows["fraud"], rows["pattern"] = 1, Pattern.STOLEN_CARD
        return rows
