"""Real-time features that the payload says in words, as numbers."""

import math

import numpy as np

from actors.arrays import F64
from actors.transaction import Columns


def online(columns: Columns) -> F64:
    """Return 1 where the channel is ``online``, 0 where it is another, NaN where there is none; (n,)."""
    return np.array([math.nan if channel is None else channel == "online" for channel in columns.channel], np.float64)


def country_mismatch(columns: Columns) -> F64:
    """Return 1 where the address's country is not the card's, 0 where it is, NaN where either is missing; (n,)."""
    pairs = zip(columns.ip_country, columns.card_country, strict=True)
    return np.array([math.nan if ip is None or home is None else ip != home for ip, home in pairs], np.float64)
