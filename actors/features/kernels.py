"""The definition of every feature, as compiled code: read the windows, write a transaction's row, update the windows.

It is the same for one transaction and for a thousand, and as plain Python it gives the same numbers. Records are those
of `EntityWindows`.

Only addition, multiplication, division and square root are used: the standard fixes their results, while the sine of
one library differs from that of another in its last bit, and a feature must be the same on every machine.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.core.arrays import F32, F64, I64, U8, Column, Record
from actors.core.batches import Mode
from actors.core.clock import US_PER_DAY, US_PER_HOUR, US_PER_S
from actors.core.jit import kernel
from actors.features.catalogue import HARD_LIMIT_S, STALE_AFTER_S, STREAM_COLUMNS
from actors.features.encoding import NO_CATEGORY
from actors.features.entity_windows import IDENTITY_BITS, IDENTITY_MASK, NEVER, NOBODY
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS, MISSING_AT

EARTH_RADIUS_KM = 6_371.0088  # mean radius, IUGG

_RADIANS = math.pi / 180
_QUARTER = math.pi / 2
# sin x = x · p(x²), off by less than 2e-9 on [-π/2, π/2]
_S5, _S4, _S3, _S2, _S1, _S0 = -0.0000000239, 0.0000027526, -0.0001984090, 0.0083333315, -0.1666666664, 1.0
# arcsin x = π/2 − sqrt(1 − x) · p(x) on [0, 1], off by less than 3e-8: 30 cm on the earth
_A7, _A6, _A5, _A4 = -0.0012624911, 0.0066700901, -0.0170881256, 0.0308918810
_A3, _A2, _A1, _A0 = -0.0501743046, 0.0889789874, -0.2145988016, _QUARTER


@kernel
def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the great-circle distance of two places in degrees; NaN where a coordinate is NaN.

    Right to a metre, and to two kilometres for places on opposite sides of the earth.

    Source: haversine formula; sine and arcsine from Abramowitz and Stegun, Handbook of Mathematical Functions, 4.3.97
    and 4.4.46.

    Example:
        >>> round(distance_km(48.8566, 2.3522, 51.5074, -0.1278), 1)  # Paris, London
        343.6
    """
    half_lat = _sine((other_lat - lat) * 0.5 * _RADIANS)
    way = other_lon - lon
    half_lon = _sine((way - _turns(way) * 360.0) * 0.5 * _RADIANS)
    cosines = _sine((90.0 - abs(lat)) * _RADIANS) * _sine((90.0 - abs(other_lat)) * _RADIANS)
    chord = half_lat * half_lat + cosines * (half_lon * half_lon)
    half_chord = math.sqrt(chord if not chord > 1.0 else 1.0)
    power = _A7 * half_chord + _A6
    power = (power * half_chord + _A5) * half_chord + _A4
    power = (power * half_chord + _A3) * half_chord + _A2
    power = (power * half_chord + _A1) * half_chord + _A0
    return (_QUARTER - math.sqrt(1.0 - half_chord) * power) * (2 * EARTH_RADIUS_KM)


@kernel
def _sine(angle: float) -> float:
    square = angle * angle
    return (((((_S5 * square + _S4) * square + _S3) * square + _S2) * square + _S1) * square + _S0) * angle


@kernel
def _turns(degrees: float) -> float:
    return degrees if math.isnan(degrees) else float(round(degrees / 360.0))


HALF_HOUR_US = US_PER_HOUR // 2
WEEK_S = 7 * US_PER_DAY // US_PER_S
SHORTEST_WAY_US = 60 * US_PER_S  # clocks of terminals differ: within a minute no speed can be told

STALE_AFTER_US = STALE_AFTER_S * US_PER_S
HARD_LIMIT_US = HARD_LIMIT_S * US_PER_S
FULL, STALE, REALTIME_ONLY = int(Mode.FULL), int(Mode.STALE), int(Mode.REALTIME_ONLY)

DEGREES_PER_HOUR = 15.0
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday

# Places in the catalogue of what the payload says, and of where the other sources begin.
AMOUNT, LOCAL_HOUR, HOUR_OF_DAY, WEEKDAY, CATEGORY, ONLINE, COUNTRY_MISMATCH, STREAM = range(8)
STORED = STREAM + len(STREAM_COLUMNS)
AMOUNT_RATIO_30D = STORED + CARD_COLUMNS.index("home_lat")  # the columns before the home are features as they are
HOME_KM = AMOUNT_RATIO_30D + 1
MERCHANT = HOME_KM + 1
WIDTH = MERCHANT + len(MERCHANT_COLUMNS)
MEAN_30D, HOME_LAT, HOME_LON = map(CARD_COLUMNS.index, ("card_amount_mean_30d", "home_lat", "home_lon"))

# Columns of the streaming features.
CARD_TX_1H, CARD_AMOUNT_1H, CARD_TX_24H, CARD_AMOUNT_24H, CARD_MERCHANTS_30M, CARD_GAP_S, CARD_DEVICE_NEW = range(7)
CARD_SPEED_KMH, MERCHANT_TX_1H, MERCHANT_AMOUNT_1H, DEVICE_CARDS_7D = range(7, len(STREAM_COLUMNS))


@kernel
def advance(  # noqa: PLR0913, PLR0917 - arrays one by one: a kernel takes no object
    cards: Column,
    merchants: Column,
    devices: Column,
    card_rows: I64,
    merchant_rows: I64,
    device_rows: I64,
    event_us: I64,
    cents: I64,
    lat: F64,
    lon: F64,
    touches: tuple[int, int, int],
    out: F32,
) -> None:
    """Write the streaming features of a batch into ``out``, (n, len(STREAM_COLUMNS)), and count it into the windows.

    Args:
        cards: records of all cards; as with merchants and devices, see `EntityWindows`.
        card_rows: record of each transaction's card, (n,), as with merchants; NOBODY where there is no device.
        touches: of cards, merchants and devices: the number of this call, which tells the least recently used.
    """
    for at in range(len(event_us)):
        card, merchant, row = cards[card_rows[at]], merchants[merchant_rows[at]], out[at]
        device_row, device = device_rows[at], NOBODY
        card["touched"], merchant["touched"] = touches[0], touches[1]
        row[DEVICE_CARDS_7D] = np.nan
        if device_row != NOBODY:
            device = devices[device_row]["identity"]
            devices[device_row]["touched"] = touches[2]
            row[DEVICE_CARDS_7D] = _visit(devices[device_row], event_us[at] // US_PER_S, card["identity"])
        _buy(card, event_us[at], cents[at], merchant["identity"], device, row)
        row[CARD_SPEED_KMH] = _travel(card, event_us[at], np.float32(lat[at]), np.float32(lon[at]))
        _sell(merchant, event_us[at], cents[at], row)


@kernel
def _buy(card: Record, now_us: int, cents: int, merchant: int, device: int, row: F32) -> None:
    """Write counts, sums, gap and whether the device is new, and remember the purchase."""
    times, sales, devices = card["event_us"], card["sale"], card["device"]
    tx_1h, cents_1h, tx_24h, cents_24h, merchants = 1, cents, 1, cents, 1
    for slot in range(len(times)):
        if times[slot] > now_us - US_PER_DAY:  # what lies ahead counts as now
            tx_24h += 1
            cents_24h += sales[slot] >> IDENTITY_BITS
            if times[slot] > now_us - US_PER_HOUR:
                tx_1h += 1
                cents_1h += sales[slot] >> IDENTITY_BITS
            if times[slot] > now_us - HALF_HOUR_US:
                merchants += _is_another(times, sales, slot, now_us - HALF_HOUR_US, merchant)
    latest, free = (card["count"] - 1) & (len(times) - 1), card["count"] & (len(times) - 1)
    row[CARD_TX_1H], row[CARD_AMOUNT_1H] = tx_1h, cents_1h / 100.0
    row[CARD_TX_24H], row[CARD_AMOUNT_24H] = tx_24h, cents_24h / 100.0
    row[CARD_MERCHANTS_30M] = merchants
    row[CARD_GAP_S], row[CARD_DEVICE_NEW] = np.nan, np.nan
    if card["count"] > 0:
        row[CARD_GAP_S] = max(now_us - times[latest], 0) / US_PER_S
        if device != NOBODY:
            row[CARD_DEVICE_NEW] = 1.0
            for known in devices:
                if known == device:
                    row[CARD_DEVICE_NEW] = 0.0
    times[free], sales[free], devices[free] = now_us, (cents << IDENTITY_BITS) | (merchant & IDENTITY_MASK), device
    card["count"] += 1


@kernel
def _is_another(times: I64, words: I64, slot: int, since_us: int, own: int) -> bool:
    """Return whether the entity in ``slot`` is not one's ``own``, nor that of an earlier slot in the same window."""
    entity = words[slot] & IDENTITY_MASK
    if entity == (own & IDENTITY_MASK):
        return False
    for earlier in range(slot):  # noqa: SIM110 - numba knows no `all` of a generator
        if times[earlier] > since_us and (words[earlier] & IDENTITY_MASK) == entity:
            return False
    return True


@kernel
def _travel(card: Record, now_us: int, lat: np.float32, lon: np.float32) -> float:
    """Return km/h from the card's latest place to this one, NaN if either is missing, and remember this one."""
    if np.isnan(lat + lon):
        return np.nan
    speed, place = np.nan, card["place"]
    if card["place_us"] != NEVER:
        # In double precision, as everywhere: of two float32 the difference would be one too.
        way_km = distance_km(np.float64(place[0]), np.float64(place[1]), np.float64(lat), np.float64(lon))
        speed = way_km / (max(now_us - card["place_us"], SHORTEST_WAY_US) / US_PER_HOUR)
    card["place_us"] = now_us
    place[0], place[1] = lat, lon
    return speed


@kernel
def _sell(merchant: Record, now_us: int, cents: int, row: F32) -> None:
    """Write the merchant's count and sum of an hour, and remember the sale."""
    times, amounts = merchant["event_us"], merchant["cents"]
    tx_1h, cents_1h = 1, cents
    for slot in range(len(times)):
        if times[slot] > now_us - US_PER_HOUR:
            tx_1h += 1
            cents_1h += amounts[slot]
    row[MERCHANT_TX_1H], row[MERCHANT_AMOUNT_1H] = tx_1h, cents_1h / 100.0
    free = merchant["count"] & (len(times) - 1)
    times[free], amounts[free] = now_us, cents
    merchant["count"] += 1


@kernel
def _visit(device: Record, second: int, card: int) -> int:
    """Return distinct cards on the device in 7 days, this one included, and remember it."""
    visits, before = device["visit"], ((second - WEEK_S) << IDENTITY_BITS) | IDENTITY_MASK
    cards = 1
    for slot in range(len(visits)):
        if visits[slot] > before:
            cards += _is_another(visits, visits, slot, before, card)
    visits[device["count"] & (len(visits) - 1)] = (second << IDENTITY_BITS) | (card & IDENTITY_MASK)
    device["count"] += 1
    return cards


@kernel
def join(  # noqa: PLR0913, PLR0917
    stream: F32,
    event_us: I64,
    amount: F64,
    lat: F64,
    lon: F64,
    category: I64,
    online: F64,
    country_mismatch: F64,
    card: F32,
    card_computed_us: I64,
    merchant: F32,
    merchant_computed_us: I64,
    picks: I64,
    out: F32,
    mode: U8,
) -> None:
    """Write the rows of a batch into ``out``, (n, len(picks)), and what each allows into ``mode``, (n,).

    Args:
        stream: as `advance` leaves them.
        category: as `category_codes` gives them, (n,).
        online: as `actors.features.assembly` gives it, (n,), as is ``country_mismatch``.
        card: what the feature store has on each card, (n, 8), as with merchants, (n, 7).
        card_computed_us: event time for which it was computed, (n,); MISSING_AT where it has nothing.
        picks: columns of the result, by their place in the catalogue.
    """
    whole = np.empty(WIDTH, dtype=np.float32)
    for at in range(len(event_us)):
        whole[AMOUNT] = amount[at]
        hour = event_us[at] % US_PER_DAY / US_PER_HOUR
        whole[LOCAL_HOUR] = (hour + lon[at] / DEGREES_PER_HOUR) % 24.0
        whole[HOUR_OF_DAY] = hour
        whole[WEEKDAY] = (event_us[at] // US_PER_DAY + EPOCH_WEEKDAY) % 7
        whole[CATEGORY] = np.nan if category[at] == NO_CATEGORY else category[at]
        whole[ONLINE] = online[at]
        whole[COUNTRY_MISMATCH] = country_mismatch[at]
        _put(whole, STREAM, stream[at])
        mode[at] = _allowed(event_us[at], card_computed_us[at], merchant_computed_us[at])
        if mode[at] == REALTIME_ONLY:
            for column in range(STORED, WIDTH):
                whole[column] = np.nan
        else:
            mean, home_lat, home_lon = card[at, MEAN_30D], card[at, HOME_LAT], card[at, HOME_LON]
            _put(whole, STORED, card[at, :HOME_LAT])
            whole[AMOUNT_RATIO_30D] = amount[at] / mean if mean > 0 else np.nan
            whole[HOME_KM] = distance_km(np.float64(home_lat), np.float64(home_lon), lat[at], lon[at])
            _put(whole, MERCHANT, merchant[at])
        for column in range(len(picks)):
            out[at, column] = whole[picks[column]]


@kernel
def _put(row: F32, first: int, values: NDArray[np.floating[Any]]) -> None:
    for column in range(len(values)):  # to assign a slice takes a second longer to compile
        row[first + column] = values[column]


@kernel
def _allowed(event_us: int, card_us: int, merchant_us: int) -> int:
    """Return the mode that the age of the batch tier allows: that of the older row."""
    oldest_us = min(card_us, merchant_us)
    if oldest_us == MISSING_AT or event_us - oldest_us > HARD_LIMIT_US:
        return REALTIME_ONLY
    return STALE if event_us - oldest_us > STALE_AFTER_US else FULL
