"""A binge of small online purchases, as in a game. Legitimate, and looks like card testing."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import I64
from actors.clock import US_PER_HOUR
from sim.world.episodes import Scene, spread_out
from sim.world.places import put_online
from sim.world.purchases import SMALLEST_CENTS, own_device
from sim.world.rows import Rows

_MEAN_GAP_US = 3 * 60 * 1_000_000
_MERCHANTS = 4  # a player uses few


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
        shops = town.merchants.online_at(rng.random(episodes * _MERCHANTS)).reshape(episodes, _MERCHANTS)
        episode, rows = spread_out(starts_us, rng.integers(4, 15, episodes), _MEAN_GAP_US, rng)
        count = len(episode)
        rows["town"], rows["card"], rows["online"] = scene.copy, buyer[episode], True
        rows["merchant"] = shops[episode, rng.integers(0, _MERCHANTS, count)]
        rows["cents"] = np.maximum(np.rint(rng.lognormal(1.1, 0.8, count) * 100), SMALLEST_CENTS)
        rows["device"] = device[episode]
        put_online(rows, town, city[episode], rng.standard_normal((count, 2)))
        return rows
