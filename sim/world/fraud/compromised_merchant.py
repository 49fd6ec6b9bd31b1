"""Compromised merchant: for weeks a share of its transactions is fraud, with ordinary amounts and ordinary cards.

Nothing in a single transaction gives it away. Only labels do, which arrive late.
"""

import numpy as np

from actors.arrays import F64, I64, Bool
from actors.clock import US_PER_DAY
from sim.world.episodes import starts
from sim.world.rows import Pattern, Rows
from sim.world.town import Town

NAME = "compromised_merchant"
LONGEST_US = 21 * US_PER_DAY
_SHORTEST_US = 7 * US_PER_DAY
_LEAST, _MOST = 0.5, 0.9  # share of a compromised merchant's transactions that are fraud
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
        days = (_SHORTEST_US + LONGEST_US) / 2 / US_PER_DAY
        self.mean_tx = float(days * (_LEAST + _MOST) / 2 * rate[self._attacked].mean())
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
        length_us = rng.integers(_SHORTEST_US, LONGEST_US, count)
        share = rng.uniform(_LEAST, _MOST, count)
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
