"""Legitimate behaviour: who buys what, where, with which device.

It is noisy on purpose. Holders travel, buy from abroad, surf privately, use a kiosk or a relative's tablet, and now and
then buy something dear. Each of these looks like a fraud pattern, and mostly is none.
"""

from dataclasses import dataclass

import numpy as np

from actors.arrays import F64, I64, Bool
from sim.world import devices
from sim.world.cards import FAVOURITES
from sim.world.categories import column
from sim.world.cities import CITY_COUNT
from sim.world.places import put_at_merchant, put_online
from sim.world.rows import Rows, empty
from sim.world.town import FAVOURED, Town

UNIFORMS = 9  # draws of each purchase
NORMALS = 3
SMALLEST_CENTS = 50
_DEAR = 0.02  # share of purchases that are far above the holder's habit
_PRIVATE = 0.02  # online purchases from a browser that looks new
_KIOSK = 0.003
_TABLET = 0.2
_RELAYED = 0.015  # online purchases through a network in another country
_MEDIAN = np.log(column("median"))
_SPREAD = column("spread")


@dataclass(frozen=True, slots=True)
class Draws:
    """The chance in a number of purchases.

    Attributes:
        uniform: float64 (n, UNIFORMS) in [0, 1).
        normal: float64 (n, NORMALS).
    """

    uniform: F64
    normal: F64

    @staticmethod
    def of(rng: np.random.Generator, count: int) -> "Draws":
        """Draw for ``count`` purchases."""
        return Draws(rng.random((count, UNIFORMS)), rng.standard_normal((count, NORMALS)))

    def first(self, count: int) -> "Draws":
        """Return the draws of the first ``count`` purchases."""
        return Draws(self.uniform[:count], self.normal[:count])


def purchases(town: Town, event_us: I64, copy: I64, town_us: I64, draws: Draws) -> Rows:
    """Return one legitimate purchase at each instant.

    Args:
        town: the profiles.
        event_us: int64 (n,).
        copy: int64 (n,), which copy of the town each happens in.
        town_us: int64 (n,), the same instants in that copy's own time.
        draws: the chance in them.
    """
    which_card, online_draw, favoured, pick, device_draw, number, relayed, relay, dear = draws.uniform.T
    card = town.rhythm.card_at(event_us, which_card)
    rows = empty(len(event_us))
    rows["event_us"], rows["town"], rows["card"] = event_us, copy, card
    rows["online"] = online = online_draw < town.cards.online[card]
    city = town.trips.city_of(card, copy, town_us)
    at_favourite = (favoured < FAVOURED) & (online | (city == town.cards.city[card]))
    rows["merchant"] = merchant = _merchant(town, rows, city, at_favourite, pick)
    rows["cents"] = amount_cents(town, card, merchant, draws.normal[:, 0], _dearness(dear))
    device = _online_device(town, card, city, town_us, device_draw, number)
    rows["device"] = np.where(online, device, devices.terminal(merchant, number))
    through = np.where(relayed < _RELAYED, (relay * CITY_COUNT).astype(np.int64), city)
    abroad = rows[online]
    put_at_merchant(rows, town)
    put_online(abroad, town, through[online], draws.normal[online, 1:])
    rows[online] = abroad
    return rows


def amount_cents(town: Town, card: I64, merchant: I64, normal: F64, factor: F64 | float = 1.0) -> I64:
    """Return what each card spends at each merchant: the category's prices, the merchant's, the holder's purse."""
    category = town.merchants.category[merchant]
    usual = _MEDIAN[category] + town.merchants.price[merchant] + town.cards.spend[card]
    amount = np.exp(usual + _SPREAD[category] * normal) * factor
    return np.maximum(np.rint(amount * 100), SMALLEST_CENTS).astype(np.int64)


def own_device(town: Town, card: I64, town_us: I64, draw: F64) -> I64:
    """Return a device of each holder: the phone mostly, else the household's tablet."""
    owner = town.cards.owner[card]
    return np.where(draw > 1 - _TABLET, devices.tablet(owner), devices.phone(owner, town_us))


def _online_device(town: Town, card: I64, city: I64, town_us: I64, draw: F64, number: F64) -> I64:
    unusual = np.where(draw < _KIOSK, devices.kiosk(city, number), devices.fresh(number))
    return np.where(draw < _KIOSK + _PRIVATE, unusual, own_device(town, card, town_us, draw))


def _merchant(town: Town, rows: Rows, city: I64, at_favourite: Bool, pick: F64) -> I64:
    place = (pick * FAVOURITES).astype(np.int64)
    card, online = rows["card"], rows["online"]
    favourite = np.where(online, town.cards.favourite_online[card, place], town.cards.favourite_physical[card, place])
    other = np.where(online, town.merchants.online_at(pick), town.merchants.physical_at(city, pick))
    return np.where(at_favourite, favourite, other)


def _dearness(draw: F64) -> F64:
    """Return a factor on the amount: 1 mostly, else from 2 to 8."""
    return np.where(draw < _DEAR, 2.0 * 4.0 ** (draw / _DEAR), 1.0)
