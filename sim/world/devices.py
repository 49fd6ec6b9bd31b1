"""Device numbers: a card's own phone, the household's tablet, terminals, kiosks, and devices seen only once.

Numbers of a kind start at its base, so that no two devices share one. A device's number says nothing about fraud:
a thief's device is numbered like any other that is seen for the first time.
"""

import numpy as np

from actors.arrays import F64, I64
from actors.clock import US_PER_DAY
from sim.world.mixing import key_of, uniforms

TERMINALS = 2  # at each physical merchant
KIOSKS = 3  # shared by strangers, in each city
_KIOSK_BASE = 100_000_000
_PHONE_BASE = 200_000_000
_TABLET_BASE = 1_000_000_000
_FRESH_BASE = 2_000_000_000
_FRESH_COUNT = 2**50
_PHONE_LIFE_US = 500 * US_PER_DAY
_PHONES = 1_000  # numbers kept for each owner


def terminal(merchant: I64, draw: F64) -> I64:
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


def fresh(draw: F64) -> I64:
    """Return devices that were never seen before."""
    return _FRESH_BASE + (draw * _FRESH_COUNT).astype(np.int64)
