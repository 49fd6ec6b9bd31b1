"""The cards of a town: where their holders live, what they spend, where they like to shop."""

from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F64, I64, Bool
from sim.chance import Streams
from sim.world.cities import CITY_COUNT, COUNTRY, LATITUDE, LONGITUDE
from sim.world.merchants import Merchants
from sim.world.spec import TownSpec

FAVOURITES = 3  # merchants of each kind that a holder keeps going back to
_HOME_RADIUS_DEG = 0.12  # about 13 km around the city's centre
_NIGHT_OWLS = 0.06
_PAIRED = 0.3


@dataclass(frozen=True, slots=True)
class Cards:
    """Profiles, one row a card, city by city.

    Attributes:
        city: int64 (c,), home city.
        lat: float64 (c,), home in degrees; ``lon`` alike.
        activity: float64 (c,), transactions relative to the mean card; mean 1.
        spend: float64 (c,), logarithm of the holder's purse relative to the mean.
        online: float64 (c,), share of purchases made online.
        peak_hour: float64 (c,), local hour of most purchases.
        travel: float64 (c,), probability of a trip in each stretch of weeks.
        owner: int64 (c,), number of the card whose phone is used; in a couple both use one.
        favourite_physical: int64 (c, FAVOURITES), merchants.
        favourite_online: int64 (c, FAVOURITES), merchants.
    """

    city: I64
    lat: F64
    lon: F64
    activity: F64
    spend: F64
    online: F64
    peak_hour: F64
    travel: F64
    owner: I64
    favourite_physical: I64
    favourite_online: I64

    @property
    def count(self) -> int:
        """Cards in the town."""
        return len(self.city)

    @property
    def country(self) -> I64:
        """Index of each card's country, int64 (c,)."""
        return COUNTRY[self.city]


def make_cards(spec: TownSpec, merchants: Merchants) -> Cards:
    """Return the cards of the town."""
    rng = Streams(spec.seed)["cards"]
    count = spec.cards
    city = np.arange(count, dtype=np.int64) * CITY_COUNT // count
    activity = rng.gamma(2.0, 1.0, count) + 0.15
    owl = rng.random(count) < _NIGHT_OWLS
    return Cards(
        city=city,
        lat=LATITUDE[city] + rng.normal(0.0, _HOME_RADIUS_DEG, count),
        lon=LONGITUDE[city] + rng.normal(0.0, _HOME_RADIUS_DEG, count),
        activity=activity / activity.mean(),
        spend=rng.normal(0.0, 0.55, count),
        online=rng.beta(2.0, 3.0, count),
        peak_hour=np.where(owl, 1.0, 14.5) + rng.normal(0.0, 1.8, count),
        travel=rng.beta(1.0, 3.0, count),
        owner=_owners(rng.random(count) < _PAIRED, city),
        favourite_physical=merchants.physical_at(np.repeat(city, FAVOURITES), rng.random(count * FAVOURITES)).reshape(
            count, FAVOURITES
        ),
        favourite_online=merchants.online_at(rng.random(count * FAVOURITES)).reshape(count, FAVOURITES),
    )


def _owners(paired: Bool, city: I64) -> I64:
    """Pair odd cards with the even card before them, where both live in one city."""
    number = np.arange(len(city), dtype=np.int64)
    before = np.maximum(number - 1, 0)
    return np.where(paired & (number % 2 == 1) & (city[before] == city), before, number)
