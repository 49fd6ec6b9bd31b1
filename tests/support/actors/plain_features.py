"""What features mean, in the plainest Python: whole lists, no rings shared, no arrays."""

import math
from collections import defaultdict

import numpy as np

from actors.core.arrays import F32
from actors.core.transaction import Columns
from actors.features.catalogue import HARD_LIMIT_S
from actors.features.encoding import category_codes
from actors.features.kernels import distance_km
from actors.features.store import MISSING_AT, StoreRows

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
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


def naive_rows(columns: Columns, rows: StoreRows) -> F32:
    """Return all features of a whole stream, in the order of the catalogue, with what the feature store has on it."""
    stream = naive_features(columns).tolist()
    table = [(*_of_payload(columns, at), *stream[at], *_of_store(columns, rows, at)) for at in range(len(columns))]
    return np.array(table, dtype=np.float32)


def _of_payload(columns: Columns, at: int) -> tuple[float, ...]:
    now, lon = int(columns.event_us[at]), float(columns.lon[at])
    hour = now % DAY_US / HOUR_US
    category, channel = columns.category[at], columns.channel[at]
    address, home = columns.ip_country[at], columns.card_country[at]
    return (
        float(columns.amount[at]),
        (hour + lon / 15) % 24,
        hour,
        (now // DAY_US + 3) % 7,
        math.nan if category is None else category_codes([category]).item(),
        math.nan if channel is None else float(channel == "online"),
        math.nan if address is None or home is None else float(address != home),
    )


def _of_store(columns: Columns, rows: StoreRows, at: int) -> tuple[float, ...]:
    *stored, home_lat, home_lon = rows.card[at].tolist()
    of_merchant = rows.merchant[at].tolist()
    instants = int(rows.card_computed_us[at]), int(rows.merchant_computed_us[at])
    if MISSING_AT in instants or int(columns.event_us[at]) - min(instants) > HARD_LIMIT_S * 1_000_000:
        return (math.nan,) * (len(stored) + 2 + len(of_merchant))
    amount, mean_30d = float(columns.amount[at]), stored[-1]
    ratio = amount / mean_30d if mean_30d > 0 else math.nan
    way_km = distance_km(home_lat, home_lon, float(columns.lat[at]), float(columns.lon[at]))
    return (*stored, ratio, way_km, *of_merchant)
