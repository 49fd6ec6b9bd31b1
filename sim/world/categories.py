"""What merchants sell: categories with their prices."""

from dataclasses import dataclass

import numpy as np

from actors.arrays import F64


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
NAMES = tuple(category.name for category in CATEGORIES)
DIGITAL = NAMES.index("digital")


def column(attribute: str) -> F64:
    """Return ``attribute`` of every category as an array."""
    return np.array([getattr(category, attribute) for category in CATEGORIES], dtype=np.float64)
