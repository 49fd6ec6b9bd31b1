"""Where a holder is: at home, or on a trip to another city.

A trip is a function of (town, card, stretch of weeks), so nobody has to remember it. Time here is *town time*: the
copies of a town share the trips of the history, and go their own ways after its end.
"""

import numpy as np

from actors.arrays import I64
from actors.clock import US_PER_DAY
from sim.world.cards import Cards
from sim.world.cities import CITY_COUNT
from sim.world.mixing import key_of, uniforms
from sim.world.spec import TownSpec
from sim.world.streams import Streams

_STRETCH_US = 20 * US_PER_DAY  # at most one trip in each
_LONGEST_US = 6 * US_PER_DAY
_SHORTEST_US = US_PER_DAY


class Trips:
    """Tells in which city each card is.

    Args:
        spec: the town.
        cards: its cards.
        run: names what happens after the history's end; the history itself ignores it.
    """

    def __init__(self, spec: TownSpec, cards: Cards, run: int = 0) -> None:
        self._cards = cards
        self._end_us = spec.end_us
        self._past = Streams(spec.seed).key("trips")
        self._run = run >> 2  # xor with a town keeps it an int64

    def city_of(self, card: I64, town: I64, town_us: I64) -> I64:
        """Return the city that each card is in, at a time of its town."""
        stretch = town_us // _STRETCH_US
        own = stretch * _STRETCH_US >= self._end_us
        key = key_of(self._past, np.where(own, town ^ self._run, 0), card, stretch)
        city = self._cards.city[card]
        goes = np.flatnonzero(uniforms(key, 1) < self._cards.travel[card])  # the others need no more draws
        key, home = key[goes], city[goes]
        length_us = _SHORTEST_US + uniforms(key, 2) ** 2 * (_LONGEST_US - _SHORTEST_US)
        start_us = uniforms(key, 3) * (_STRETCH_US - _LONGEST_US)
        since_us = town_us[goes] - stretch[goes] * _STRETCH_US - start_us
        abroad = (home + 1 + (uniforms(key, 4) * (CITY_COUNT - 1)).astype(np.int64)) % CITY_COUNT
        city[goes] = np.where((since_us >= 0) & (since_us < length_us), abroad, home)
        return city
