"""Where a purchase is made: at the merchant's, or wherever the buyer's network says the buyer is."""

import numpy as np

from actors.arrays import F64, I64, Bool
from sim.world.cities import CITY_COUNT, COUNTRY, LATITUDE, LONGITUDE
from sim.world.rows import Rows
from sim.world.town import Town

_IP_RADIUS_DEG = 0.08  # an address locates its user to about 9 km


def put_at_merchant(rows: Rows, town: Town) -> None:
    """Fill country and position of ``rows`` with those of their merchants."""
    merchant = rows["merchant"]
    rows["ip"] = town.merchants.country[merchant]
    rows["lat"], rows["lon"] = town.merchants.lat[merchant], town.merchants.lon[merchant]


def put_online(rows: Rows, town: Town, city: I64, blur: F64) -> None:
    """Fill country and position of ``rows`` with those of their cards' holders, who are in ``city``.

    Args:
        rows: online purchases whose card is known.
        town: the profiles.
        city: int64 (n,), where each holder is; in the home city the position is the home.
        blur: float64 (n, 2), standard normal.
    """
    card = rows["card"]
    away = city != town.cards.city[card]
    rows["ip"] = COUNTRY[city]
    rows["lat"] = np.where(away, LATITUDE[city], town.cards.lat[card]) + blur[:, 0] * _IP_RADIUS_DEG
    rows["lon"] = np.where(away, LONGITUDE[city], town.cards.lon[card]) + blur[:, 1] * _IP_RADIUS_DEG


def somewhere_else(city: I64, moves: Bool, rng: np.random.Generator) -> I64:
    """Return another city for each one that ``moves``, and the same for the others."""
    other = (city + rng.integers(1, CITY_COUNT, len(city))) % CITY_COUNT
    return np.where(moves, other, city)
