"""Card testing: a bot tries a stolen number with many small purchases, and sometimes cashes it in hours later."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import F64, I64, Bool
from actors.clock import US_PER_DAY
from sim.world import devices
from sim.world.episodes import Scene, spread_out
from sim.world.places import put_online, somewhere_else
from sim.world.purchases import SMALLEST_CENTS, amount_cents
from sim.world.rows import Pattern, Rows

_FEWEST, _MOST = 4, 20  # tests
_FASTEST_US, _SLOWEST_US = 15 * 1_000_000, 90 * 1_000_000  # mean gap between two tests
_CASHED = 0.4  # share of tested cards that are cashed in
_CASH_DELAY_US = 6 * 3_600 * 1_000_000
_CHANGING = 0.4  # share of bots that look like another device each time
_FOREIGN = 0.5


@dataclass(frozen=True, slots=True)
class CardTesting:
    """Small amounts at many online merchants within minutes, then perhaps one large purchase."""

    name: str = "card_testing"
    mean_tx: float = (_FEWEST + _MOST) / 2 + _CASHED
    longest_us: int = 2 * US_PER_DAY

    def plan(self, scene: Scene, starts_us: I64, rng: np.random.Generator) -> Rows:
        """Return the transactions of the tests that start at ``starts_us``."""
        episodes = len(starts_us)
        counts = rng.integers(_FEWEST, _MOST + 1, episodes)
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
        city = somewhere_else(scene.city_of(victim, starts_us), rng.random(episodes) < _FOREIGN, rng)
        draw: F64 = rng.random(count)
        loot = town.merchants.online_at(draw, loot=True)
        rows["town"], rows["card"], rows["online"] = scene.copy, victim[episode], True
        rows["merchant"] = np.where(small, town.merchants.online_at(draw), loot)
        dear = amount_cents(town, victim[episode], loot, rng.standard_normal(count), 2.5)
        test = np.maximum(np.rint(rng.lognormal(0.9, 0.8, count) * 100), SMALLEST_CENTS)
        rows["cents"] = np.where(small, test, dear)
        changing = (rng.random(episodes) < _CHANGING)[episode]
        one, each = devices.fresh(rng.random(episodes))[episode], devices.fresh(rng.random(count))
        rows["device"] = np.where(changing, each, one)
        put_online(rows, town, city[episode], rng.standard_normal((count, 2)))
        rows["fraud"], rows["pattern"] = 1, Pattern.CARD_TESTING
