"""Legitimate behaviour: who buys what, where, with which device.

It is noisy on purpose. Holders travel, buy from abroad, surf privately, use a kiosk or a relative's tablet, and now and
then buy something dear. Each of these looks like a fraud pattern, and mostly is none.

Devices are numbered, each kind of device from a base of its own, so that no two share a number. A device's number says
nothing about fraud: a thief's is numbered like any other that is seen for the first time.
"""

from dataclasses import dataclass

import numpy as np

from actors.core.arrays import F64, I64, Bool
from actors.core.clock import US_PER_DAY
from sim.chance import key_of, uniforms
from sim.world.cards import FAVOURITES
from sim.world.cities import CITY_COUNT, COUNTRY, LATITUDE, LONGITUDE
from sim.world.merchants import column
from sim.world.town import FAVOURED, Town
from sim.world.transactions import Rows, empty

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


TERMINALS = 2  # at each physical merchant
KIOSKS = 3  # shared by strangers, in each city
_KIOSK_BASE = 100_000_000
_PHONE_BASE = 200_000_000
_TABLET_BASE = 1_000_000_000
_FRESH_BASE = 2_000_000_000
_FRESH_COUNT = 2**50
_PHONE_LIFE_US = 500 * US_PER_DAY
_PHONES = 1_000  # numbers kept for each owner


def terminal_devices(merchant: I64, draw: F64) -> I64:
    """Return a terminal of each merchant."""
    return merchant * TERMINALS + (draw * TERMINALS).astype(np.int64)


def kiosk(city: I64, draw: F64) -> I64:
    """Return a public device in each city."""
    return _KIOSK_BASE + city * KIOSKS + (draw * KIOSKS).astype(np.int64)


def phone(owner: I64, town_us: I64) -> I64:
    """Return the phone that each owner has at a time of the town: a new one every year or two."""
    age_us = (uniforms(key_of(0, owner)) * _PHONE_LIFE_US).astype(np.int64)
    return _PHONE_BASE + owner * _PHONES + (town_us + age_us) // _PHONE_LIFE_US % _PHONES


def tablet(owner: I64) -> I64:
    """Return the second device of each owner."""
    return _TABLET_BASE + owner


def fresh_devices(draw: F64) -> I64:
    """Return devices that were never seen before."""
    return _FRESH_BASE + (draw * _FRESH_COUNT).astype(np.int64)


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
    rows["device"] = np.where(online, device, terminal_devices(merchant, number))
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
    return np.where(draw > 1 - _TABLET, tablet(owner), phone(owner, town_us))


def _online_device(town: Town, card: I64, city: I64, town_us: I64, draw: F64, number: F64) -> I64:
    unusual = np.where(draw < _KIOSK, kiosk(city, number), fresh_devices(number))
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
