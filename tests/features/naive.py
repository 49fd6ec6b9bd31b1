"""What streaming features mean, in the plainest Python: whole lists, no rings shared, no arrays."""

import math
from collections import defaultdict

import numpy as np

from actors.arrays import F32
from actors.features.geo import distance_km
from actors.transaction import Columns

HOUR_US = 3_600_000_000
CARD_DEPTH, MERCHANT_DEPTH, DEVICE_DEPTH = 16, 32, 16

Row = dict[str, object]


def naive_features(columns: Columns) -> F32:
    """Return the streaming features of a whole stream, looking through all that came before each transaction."""
    of_card: dict[str, list[tuple[int, int, str, str | None]]] = defaultdict(list)
    of_merchant: dict[str, list[tuple[int, int]]] = defaultdict(list)
    of_device: dict[str, list[tuple[int, str]]] = defaultdict(list)
    place: dict[str, tuple[int, float, float]] = {}
    table = []
    for at in range(len(columns)):
        card, merchant, device = columns.cards[at], columns.merchants[at], columns.device[at]
        now, cents = int(columns.event_us[at]), int(columns.cents[at])
        lat, lon = float(np.float32(columns.lat[at])), float(np.float32(columns.lon[at]))
        past = of_card[card][-CARD_DEPTH:]
        hour = [row for row in past if row[0] > now - HOUR_US]
        day = [row for row in past if row[0] > now - 24 * HOUR_US]
        merchants = {row[2] for row in past if row[0] > now - HOUR_US // 2} | {merchant}
        sold = [row for row in of_merchant[merchant][-MERCHANT_DEPTH:] if row[0] > now - HOUR_US]
        speed = math.nan
        if not math.isnan(lat + lon):
            if card in place:
                then, then_lat, then_lon = place[card]
                hours = max(now - then, 60_000_000) / HOUR_US
                speed = distance_km(then_lat, then_lon, lat, lon) / hours
            place[card] = now, lat, lon
        new, cards_7d = math.nan, math.nan
        if device is not None:
            if past:
                new = float(device not in {row[3] for row in past})
            recent = of_device[device][-DEVICE_DEPTH:]
            second = now // 1_000_000  # a device's week is told in whole seconds
            cards_7d = len({row[1] for row in recent if row[0] > second - 7 * 24 * 3_600} | {card})
            of_device[device].append((second, card))
        table.append(
            (
                len(hour) + 1,
                (sum(row[1] for row in hour) + cents) / 100.0,
                len(day) + 1,
                (sum(row[1] for row in day) + cents) / 100.0,
                len(merchants),
                max(0, now - past[-1][0]) / 1e6 if past else math.nan,
                new,
                speed,
                len(sold) + 1,
                (sum(row[1] for row in sold) + cents) / 100.0,
                cards_7d,
            )
        )
        of_card[card].append((now, cents, merchant, device))
        of_merchant[merchant].append((now, cents))
    return np.array(table, dtype=np.float32)
