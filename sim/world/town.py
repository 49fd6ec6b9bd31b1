"""A town: its profiles, which every copy shares; when its cards are used, where their holders are.

The town as a whole is equally busy at every instant, because its cards live at all longitudes. Choosing a card for a
transaction therefore needs the instant only: cards whose day it is are the likelier ones.

A trip is a function of (town, card, stretch of weeks), so nobody has to remember it. Time here is *town time*: the
copies of a town share the trips of the history, and go their own ways after its end.
"""

from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F64, I64
from actors.core.clock import US_PER_DAY
from sim.chance import Streams, key_of, uniforms
from sim.world.cards import FAVOURITES, Cards, make_cards
from sim.world.cities import CITY_COUNT
from sim.world.merchants import Merchants, make_merchants
from sim.world.spec import TownSpec

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


FAVOURED = 0.55  # share of purchases at a merchant the holder keeps going back to


@dataclass(frozen=True, slots=True)
class Town:
    """Everything about a town that does not change.

    Attributes:
        spec: its size.
        merchants: their profiles.
        cards: their profiles.
        rhythm: which card is used when.
        trips: where each holder is.
        merchant_share: float64 (merchants,), expected share of the town's purchases at each merchant.
    """

    spec: TownSpec
    merchants: Merchants
    cards: Cards
    rhythm: Rhythm
    trips: Trips
    merchant_share: F64


def make_town(spec: TownSpec, run: int = 0) -> Town:
    """Return the town of ``spec``; ``run`` names the future after its history."""
    merchants = make_merchants(spec)
    cards = make_cards(spec, merchants)
    return Town(spec, merchants, cards, Rhythm(cards), Trips(spec, cards, run), _merchant_share(cards, merchants))


def _merchant_share(cards: Cards, merchants: Merchants) -> F64:
    share: F64 = np.zeros(merchants.count)
    online = cards.activity * cards.online
    physical = cards.activity * (1 - cards.online)
    for weight, favourite in ((online, cards.favourite_online), (physical, cards.favourite_physical)):
        np.add.at(share, favourite, (weight * FAVOURED / FAVOURITES)[:, None])
    share[merchants.first_online :] += online.sum() * (1 - FAVOURED) * np.diff(merchants.online_pick, prepend=0)
    by_city = np.bincount(cards.city, physical, minlength=len(merchants.physical_pick)) * (1 - FAVOURED)
    picks = np.diff(merchants.physical_pick, prepend=0, axis=1)
    share[: merchants.first_online] += (by_city[:, None] * picks).ravel()
    share /= share.sum()
    return share
