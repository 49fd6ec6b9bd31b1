"""Names of cards, merchants, devices and countries: ``c3-17`` is card 17 of the town's copy 3."""

import numpy as np
from numpy.typing import NDArray

from actors.arrays import I64
from sim.world.categories import NAMES as CATEGORIES
from sim.world.cities import COUNTRIES
from sim.world.rows import Rows
from sim.world.town import Town

Texts = NDArray[np.object_]


class Names:
    """Turns numbers into names; those of cards and merchants are made once a copy.

    Args:
        town: the profiles.
    """

    def __init__(self, town: Town) -> None:
        self._card_country = _texts(COUNTRIES)[town.cards.country]
        self._category = _texts(CATEGORIES)[town.merchants.category]
        self._countries = _texts(COUNTRIES)
        self._cards = _Copies("c", town.cards.count)
        self._merchants = _Copies("m", town.merchants.count)

    def cards(self, rows: Rows) -> list[str]:
        """Return the card of each row."""
        return self._cards.of(rows["town"], rows["card"])

    def merchants(self, rows: Rows) -> list[str]:
        """Return the merchant of each row."""
        return self._merchants.of(rows["town"], rows["merchant"])

    def devices(self, rows: Rows) -> list[str]:
        """Return the device of each row."""
        pairs = zip(rows["town"].tolist(), rows["device"].tolist(), strict=True)
        return [f"d{town}-{device}" for town, device in pairs]

    def categories(self, rows: Rows) -> list[str]:
        """Return the category of each row's merchant."""
        texts: list[str] = self._category[rows["merchant"]].tolist()
        return texts

    def ip_countries(self, rows: Rows) -> list[str]:
        """Return the country that each row comes from."""
        texts: list[str] = self._countries[rows["ip"]].tolist()
        return texts

    def card_countries(self, rows: Rows) -> list[str]:
        """Return the country of each row's card."""
        texts: list[str] = self._card_country[rows["card"]].tolist()
        return texts


class _Copies:
    """Names of one kind in all copies of a town, made when a copy is first met."""

    def __init__(self, letter: str, count: int) -> None:
        self._letter = letter
        self._count = count
        self._texts: Texts = np.empty(0, dtype=object)

    def of(self, copy: I64, number: I64) -> list[str]:
        place = copy.astype(np.int64) * self._count + number
        while len(place) and place.max() >= len(self._texts):
            town = len(self._texts) // self._count
            self._texts = np.append(self._texts, _texts([f"{self._letter}{town}-{at}" for at in range(self._count)]))
        texts: list[str] = self._texts[place].tolist()
        return texts


def _texts(values: list[str] | tuple[str, ...]) -> Texts:
    return np.array(values, dtype=object)
