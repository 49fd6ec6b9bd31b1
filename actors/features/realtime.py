"""Real-time features: what the payload says by itself, where it says it in words."""

import math

import numpy as np

from actors.arrays import F64
from actors.features.categories import category_codes
from actors.transaction import Columns


def payload_flags(columns: Columns) -> F64:
    """Return category, online and country mismatch of each transaction, float64 (n, 3).

    The category is its code, NO_CATEGORY where there is none. Online is 1 in that channel and 0 in another, the
    mismatch 1 where the address's country is not the card's; both are NaN where the payload does not say.
    """
    flags = np.empty((len(columns.ids), 3))
    flags[:, 0] = category_codes(columns.category)
    flags[:, 1] = [math.nan if channel is None else channel == "online" for channel in columns.channel]
    pairs = zip(columns.ip_country, columns.card_country, strict=True)
    flags[:, 2] = [math.nan if ip is None or home is None else ip != home for ip, home in pairs]
    return flags
