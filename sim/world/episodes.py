"""Episodes: transactions that belong together, such as a shopping spree or a fraud campaign.

Single purchases have no memory. Whatever unfolds over minutes or weeks is an episode: it starts at a random instant in
some town, and plans all its transactions at once.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from actors.core.arrays import F64, I64
from actors.core.clock import US_PER_DAY
from sim.world.town import Town
from sim.world.transactions import Rows, empty


@dataclass(frozen=True, slots=True)
class Scene:
    """One copy of a town, as an episode sees it.

    Attributes:
        town: the profiles.
        copy: number of the copy.
        shift_us: event time less town time.
    """

    town: Town
    copy: int
    shift_us: int

    def city_of(self, card: I64, event_us: I64) -> I64:
        """Return the city that each card's holder is in."""
        return self.town.trips.city_of(card, np.full(len(card), self.copy), event_us - self.shift_us)


class Episode(Protocol):
    """A kind of episode. It is immutable and draws from the generator it is given only."""

    @property
    def name(self) -> str:
        """Its name, which is also that of its random stream."""
        ...

    @property
    def mean_tx(self) -> float:
        """Mean number of transactions in one."""
        ...

    @property
    def longest_us(self) -> int:
        """Time from its start to its last transaction; one in a thousand takes longer."""
        ...

    def plan(self, scene: Scene, starts_us: I64, rng: np.random.Generator) -> Rows:
        """Return all transactions of the episodes that start at ``starts_us``, in any order."""
        ...


def spread_out(starts_us: I64, counts: I64, mean_gap_us: F64 | float, rng: np.random.Generator) -> tuple[I64, Rows]:
    """Lay out the transactions of several episodes in time.

    Args:
        starts_us: int64 (e,), first transaction of each.
        counts: int64 (e,), transactions in each, at least 1.
        mean_gap_us: mean time to the next transaction; one for all, or float64 (e,).
        rng: draws the gaps, which are exponential.

    Returns:
        For each transaction the number of its episode, int64 (n,), and its row with only the event time filled.
    """
    episode = np.repeat(np.arange(len(starts_us)), counts)
    gap_us = rng.exponential(1.0, len(episode)) * np.broadcast_to(mean_gap_us, len(starts_us))[episode]
    first = np.cumsum(counts) - counts
    gap_us[first] = 0
    run_us = np.cumsum(gap_us)
    rows = empty(len(episode))
    rows["event_us"] = starts_us[episode] + (run_us - run_us[first][episode]).astype(np.int64)
    return episode, rows


def starts(rate_per_day: float, from_us: int, until_us: int, rng: np.random.Generator) -> I64:
    """Return the instants at which episodes start, independent of each other within ``[from_us, until_us)``.

    Their number is the expected one, rounded up or down by chance, and not Poisson: episodes are so large that the
    mix of fraud would differ from drill to drill.
    """
    count = int(rate_per_day * (until_us - from_us) / US_PER_DAY + rng.random())
    return np.sort(rng.integers(from_us, until_us, count))
