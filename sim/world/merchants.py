"""The merchants of a town: what they sell at which prices, where they stand, how popular they are."""

from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F64, I64, Bool
from sim.chance import Streams
from sim.world.cities import CITY_COUNT, COUNTRY, LATITUDE, LONGITUDE
from sim.world.spec import TownSpec


@dataclass(frozen=True, slots=True)
class Category:
    """One line of business.

    Attributes:
        name: as in a transaction's ``category``.
        median: of the amount, in units of the currency.
        spread: standard deviation of the amount's logarithm.
        physical: share of the merchants in a city that trade in it.
        online: the same among online merchants.
        resale: how gladly a thief buys there, as a weight.
    """

    name: str
    median: float
    spread: float
    physical: float
    online: float
    resale: float


CATEGORIES = (
    Category("grocery", 28.0, 0.60, 5, 1, 1.0),
    Category("fuel", 45.0, 0.40, 2, 0, 1.5),
    Category("restaurant", 24.0, 0.60, 5, 1, 0.5),
    Category("transport", 9.0, 0.80, 2, 2, 0.3),
    Category("health", 32.0, 0.70, 2, 1, 0.7),
    Category("clothing", 55.0, 0.70, 3, 4, 3.0),
    Category("electronics", 110.0, 0.90, 1, 4, 6.0),
    Category("home", 60.0, 0.85, 2, 3, 1.0),
    Category("entertainment", 20.0, 0.70, 2, 3, 1.0),
    Category("travel", 170.0, 0.90, 0, 2, 2.5),
    Category("digital", 8.0, 0.90, 0, 5, 1.0),
    Category("gifts", 65.0, 0.90, 1, 2, 5.0),
)
CATEGORY_NAMES = tuple(category.name for category in CATEGORIES)


def column(attribute: str) -> F64:
    """Return ``attribute`` of every category as an array."""
    return np.array([getattr(category, attribute) for category in CATEGORIES], dtype=np.float64)


_PHYSICAL_SHARE = 0.6
_CITY_RADIUS_DEG = 0.08  # about 9 km


@dataclass(frozen=True, slots=True)
class Merchants:
    """Profiles, one row a merchant; the physical ones first, city by city, then the online ones.

    Attributes:
        per_city: physical merchants in each city.
        category: int64 (m,), index into the categories.
        city: int64 (m,), where it stands; for an online merchant, where its office is.
        price: float64 (m,), logarithm of its prices relative to its category's.
        lat: float64 (m,), degrees; ``lon`` alike.
        physical_pick: float64 (cities, per_city), cumulative popularity within a city.
        online_pick: float64 (online merchants,), cumulative popularity.
        physical_loot: the same as ``physical_pick`` for a thief, who looks for what sells again.
        online_loot: the same as ``online_pick`` for a thief.
    """

    per_city: int
    category: I64
    city: I64
    price: F64
    lat: F64
    lon: F64
    physical_pick: F64
    online_pick: F64
    physical_loot: F64
    online_loot: F64

    @property
    def count(self) -> int:
        """Merchants in the town."""
        return len(self.category)

    @property
    def first_online(self) -> int:
        """Number of the first online merchant."""
        return CITY_COUNT * self.per_city

    @property
    def online(self) -> Bool:
        """Which merchants are online, bool (m,)."""
        return np.arange(self.count) >= self.first_online

    @property
    def country(self) -> I64:
        """Index of each merchant's country, int64 (m,)."""
        return COUNTRY[self.city]

    def physical_at(self, city: I64, draw: F64, *, loot: bool = False) -> I64:
        """Return a physical merchant in each ``city``, chosen by ``draw`` in [0, 1)."""
        table = self.physical_loot if loot else self.physical_pick
        place: I64 = (table[city, :-1] <= draw[:, None]).sum(axis=1)
        return city * self.per_city + place

    def online_at(self, draw: F64, *, loot: bool = False) -> I64:
        """Return an online merchant for each ``draw`` in [0, 1)."""
        table = self.online_loot if loot else self.online_pick
        return self.first_online + np.searchsorted(table[:-1], draw, side="right")


def make_merchants(spec: TownSpec) -> Merchants:
    """Return the merchants of the town."""
    rng = Streams(spec.seed)["merchants"]
    per_city = round(_PHYSICAL_SHARE * spec.merchants / CITY_COUNT)
    physical = CITY_COUNT * per_city
    online = spec.merchants - physical
    category = np.concatenate([_categories("physical", physical, rng), _categories("online", online, rng)])
    city = np.concatenate([np.repeat(np.arange(CITY_COUNT), per_city), rng.integers(0, CITY_COUNT, online)])
    popularity = rng.lognormal(0.0, 0.6, spec.merchants)
    loot = popularity * column("resale")[category]
    return Merchants(
        per_city=per_city,
        category=category,
        city=city,
        price=rng.normal(0.0, 0.25, spec.merchants),
        lat=LATITUDE[city] + rng.normal(0.0, _CITY_RADIUS_DEG, spec.merchants),
        lon=LONGITUDE[city] + rng.normal(0.0, _CITY_RADIUS_DEG, spec.merchants),
        physical_pick=_cumulative(popularity[:physical].reshape(CITY_COUNT, per_city)),
        online_pick=_cumulative(popularity[physical:]),
        physical_loot=_cumulative(loot[:physical].reshape(CITY_COUNT, per_city)),
        online_loot=_cumulative(loot[physical:]),
    )


def _categories(attribute: str, count: int, rng: np.random.Generator) -> I64:
    weight = column(attribute)
    return rng.choice(len(weight), size=count, p=weight / weight.sum()).astype(np.int64)


def _cumulative(weight: F64) -> F64:
    total: F64 = np.cumsum(weight, axis=-1)
    return total / total[..., -1:]
