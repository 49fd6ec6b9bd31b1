"""Fraud ring: a few devices use many cards over days, each card only now and then. Shared devices give it away."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import I64
from actors.clock import US_PER_DAY
from sim.world import devices
from sim.world.episodes import Scene
from sim.world.places import put_online, somewhere_else
from sim.world.purchases import amount_cents
from sim.world.rows import Pattern, Rows, empty

_CARDS = 14
_DEVICES = 2
_FEWEST, _MOST = 16, 36  # transactions
_SHORTEST_US, _LONGEST_US = US_PER_DAY, 3 * US_PER_DAY
_FOREIGN = 0.3  # share of rings that do not hide their country


@dataclass(frozen=True, slots=True)
class FraudRing:
    """Sixteen to 36 online purchases of ordinary size, with up to 14 cards on two devices."""

    name: str = "fraud_ring"
    mean_tx: float = (_FEWEST + _MOST) / 2
    longest_us: int = _LONGEST_US

    def plan(self, scene: Scene, starts_us: I64, rng: np.random.Generator) -> Rows:
        """Return the transactions of the rings that start at ``starts_us``."""
        town, rings = scene.town, len(starts_us)
        members = rng.integers(0, town.cards.count, (rings, _CARDS))
        shared = devices.fresh(rng.random((rings, _DEVICES)))
        foreign = rng.random(rings) < _FOREIGN
        length_us = rng.integers(_SHORTEST_US, _LONGEST_US, rings)
        ring = np.repeat(np.arange(rings), rng.integers(_FEWEST, _MOST + 1, rings))
        count = len(ring)
        rows = empty(count)
        rows["event_us"] = starts_us[ring] + (rng.random(count) * length_us[ring]).astype(np.int64)
        card = members[ring, rng.integers(0, _CARDS, count)]
        merchant = town.merchants.online_at(rng.random(count), loot=True)
        rows["town"], rows["card"], rows["online"], rows["merchant"] = scene.copy, card, True, merchant
        factor = rng.lognormal(0.5, 0.4, count)
        rows["cents"] = amount_cents(town, card, merchant, rng.standard_normal(count), factor)
        rows["device"] = shared[ring, rng.integers(0, _DEVICES, count)]
        city = somewhere_else(town.cards.city[card], foreign[ring], rng)
        put_online(rows, town, city, rng.standard_normal((count, 2)))
        rows["fraud"], rows["pattern"] = 1, Pattern.FRAUD_RING
        return rows
