"""Account takeover: somebody else logs in and buys for days, from a new device, often from another country."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import I64
from actors.clock import US_PER_DAY
from sim.world import devices
from sim.world.episodes import Scene, spread_out
from sim.world.places import put_online, somewhere_else
from sim.world.purchases import amount_cents, own_device
from sim.world.rows import Pattern, Rows

_MEAN_GAP_US = 60 * 60 * 1_000_000
_FOREIGN = 0.85
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
        city = somewhere_else(here, ~remote & (rng.random(episodes) < _FOREIGN), rng)
        own = own_device(town, victim, starts_us - scene.shift_us, rng.random(episodes))
        device = np.where(remote, own, devices.fresh(rng.random(episodes)))
        episode, rows = spread_out(starts_us, rng.integers(3, 9, episodes), _MEAN_GAP_US, rng)
        card, count = victim[episode], len(episode)
        merchant = town.merchants.online_at(rng.random(count), loot=True)
        rows["town"], rows["card"], rows["online"], rows["merchant"] = scene.copy, card, True, merchant
        factor = rng.lognormal(1.2, 0.5, count)
        rows["cents"] = amount_cents(town, card, merchant, rng.standard_normal(count), factor)
        rows["device"] = device[episode]
        put_online(rows, town, city[episode], rng.standard_normal((count, 2)))
        rows["fraud"], rows["pattern"] = 1, Pattern.ACCOUNT_TAKEOVER
        return rows
