"""The world's transactions: rows of numbers inside, columns or JSON with names when they leave.

Rows are a structured array, because they are cut, joined, sorted and overwritten many times before they leave.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from actors.core.arrays import I64
from actors.core.transaction import Columns
from sim.world.cities import COUNTRIES
from sim.world.merchants import CATEGORY_NAMES as CATEGORIES
from sim.world.town import Town

Rows = NDArray[np.void]

ROW = np.dtype(
    [
        ("event_us", "i8"),
        ("town", "i4"),
        ("card", "i4"),
        ("merchant", "i4"),
        ("cents", "i8"),
        ("online", "?"),
        ("device", "i8"),
        ("ip", "i4"),  # index of a country
        ("lat", "f8"),
        ("lon", "f8"),
        ("fraud", "u1"),
        ("pattern", "u1"),
    ]
)


class Pattern(IntEnum):
    """The fraud pattern a transaction belongs to."""

    NONE = 0
    STOLEN_CARD = 1
    CARD_TESTING = 2
    ACCOUNT_TAKEOVER = 3
    COMPROMISED_MERCHANT = 4
    FRAUD_RING = 5

    @property
    def label(self) -> str:
        """The name in reports."""
        return self.name.lower()


def empty(count: int = 0) -> Rows:
    """Return ``count`` rows of zeros."""
    return np.zeros(count, dtype=ROW)


def in_order(*parts: Rows) -> Rows:
    """Return all parts in order of event time; equal times keep the order of the parts."""
    rows = np.concatenate(parts)
    return rows[np.argsort(rows["event_us"], kind="stable")]


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


CURRENCY = "USD"
_CHANNELS = np.array(["pos", "online"], dtype=object)
_DECIMALS = 4  # of a degree: 11 m


def to_columns(rows: Rows, names: Names, ids: list[str]) -> Columns:
    """Return ``rows`` as the pipeline would parse them from their JSON.

    Args:
        rows: the transactions.
        names: of the town.
        ids: one for each row.
    """
    cents = rows["cents"].copy()
    return Columns(
        ids=ids,
        event_us=rows["event_us"].copy(),
        cards=names.cards(rows),
        merchants=names.merchants(rows),
        cents=cents,
        amount=cents / 100,
        currency=[CURRENCY] * len(rows),
        category=[*names.categories(rows)],
        channel=_CHANNELS[rows["online"].view(np.uint8)].tolist(),
        device=[*names.devices(rows)],
        ip_country=[*names.ip_countries(rows)],
        card_country=[*names.card_countries(rows)],
        lat=np.round(rows["lat"], _DECIMALS),
        lon=np.round(rows["lon"], _DECIMALS),
    )
