"""A town: the profiles of the training world, which every copy in a run's pool shares."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import F64
from sim.world.cards import FAVOURITES, Cards, make_cards
from sim.world.merchants import Merchants, make_merchants
from sim.world.rhythm import Rhythm
from sim.world.spec import TownSpec
from sim.world.trips import Trips

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
