"""When cards are used: each has a daily rhythm in its own local time.

The town as a whole is equally busy at every instant, because its cards live at all longitudes. Choosing a card for a
transaction therefore needs the instant only: cards whose day it is are the likelier ones.
"""

import numpy as np

from actors.arrays import F64, I64
from actors.clock import US_PER_DAY
from sim.world.cards import Cards

_BINS = 96  # quarters of an hour: far finer than any rhythm
_NIGHT = 0.03  # relative rate at the quietest hour
_SHARPNESS = 1.3


class Rhythm:
    """Chooses which card is used at a given instant.

    Args:
        cards: the profiles of the town.
    """

    def __init__(self, cards: Cards) -> None:
        utc_hour = (np.arange(_BINS) + 0.5) * 24 / _BINS
        local = utc_hour[:, None] + cards.lon[None, :] / 15
        angle = (local - cards.peak_hour[None, :]) * (2 * np.pi / 24)
        curve = _NIGHT + np.exp(_SHARPNESS * (np.cos(angle) - 1))
        share = curve / curve.mean(axis=0) * cards.activity
        total = np.cumsum(share, axis=1)
        total /= total[:, -1:]
        self._count = cards.count
        self._steps: F64 = np.ravel(total + np.arange(_BINS)[:, None])

    def card_at(self, event_us: I64, draw: F64) -> I64:
        """Return the card that is used at each instant, chosen by ``draw`` in [0, 1)."""
        quarter = event_us % US_PER_DAY // (US_PER_DAY // _BINS)
        card: I64 = np.searchsorted(self._steps, quarter + draw, side="right") - quarter * self._count
        return np.clip(card, 0, self._count - 1)  # a draw within rounding of a bin's edge
