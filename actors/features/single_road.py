"""Streaming features of a few transactions, one by one: what `batch_road` computes on arrays, bit for bit.

For one row the fixed cost of some hundred array operations is ten times that of plain Python.
"""

import math

import numpy as np

from actors.arrays import F32
from actors.clock import US_PER_HOUR, US_PER_S
from actors.features.geo import distance_km
from actors.features.packing import IDENTITY_BITS, IDENTITY_MASK, last_before, pack
from actors.features.ring import NEVER, NOBODY, Ring
from actors.features.rings import DAY_US, HALF_HOUR_US, HOUR_US, SHORTEST_WAY_US, WEEK_S, Rings
from actors.transaction import Columns


def advance(rings: Rings, columns: Columns) -> F32:
    """Count a few transactions and return their streaming features, float32 (n, len(STREAM_COLUMNS))."""
    lats, lons = columns.lat.astype(np.float32).tolist(), columns.lon.astype(np.float32).tolist()
    times, amounts = columns.event_us.tolist(), columns.cents.tolist()
    rows = zip(columns.cards, columns.merchants, columns.device, times, amounts, lats, lons, strict=True)
    return np.array([_row(rings, *row) for row in rows], dtype=np.float32)


def _row(
    rings: Rings, card: str, merchant: str, device: str | None, event_us: int, cents: int, lat: float, lon: float
) -> tuple[float, ...]:
    """Return one row in the order of STREAM_COLUMNS."""
    card_row, merchant_row = rings.cards.locate_one(card), rings.merchants.locate_one(merchant)
    merchant_id = rings.merchants.columns["identity"].item(merchant_row)
    device_id, cards_7d = NOBODY, math.nan
    if device is not None:
        device_row = rings.devices.locate_one(device)
        device_id = rings.devices.columns["identity"].item(device_row)
        card_id = rings.cards.columns["identity"].item(card_row)
        cards_7d = _device(rings.devices, device_row, event_us // US_PER_S, card_id)
    speed = math.nan if lat != lat or lon != lon else _speed(rings.cards, card_row, event_us, lat, lon)  # noqa: PLR0124 - NaN
    of_card = _card(rings.cards, card_row, event_us, cents, merchant_id, device_id)
    return (*of_card, speed, *_merchant(rings.merchants, merchant_row, event_us, cents), cards_7d)


def _card(ring: Ring, row: int, event_us: int, cents: int, merchant: int, device: int) -> tuple[float, ...]:
    ringed = ring.columns
    seen: int = ringed["count"].item(row)
    slot = seen & (ring.depth - 1)
    times, sales, devices = ringed["event_us"][row], ringed["sale"][row], ringed["device"][row]
    past_us = times.tolist()
    hour_us, day_us, half_hour_us = event_us - HOUR_US, event_us - DAY_US, event_us - HALF_HOUR_US
    count_1h, cents_1h, count_24h, cents_24h, merchants = 1, cents, 1, cents, {merchant}
    for at in [at for at, then_us in enumerate(past_us) if then_us > day_us]:
        then_us, sale = past_us[at], sales.item(at)
        count_24h += 1
        cents_24h += sale >> IDENTITY_BITS
        if then_us > hour_us:
            count_1h += 1
            cents_1h += sale >> IDENTITY_BITS
            if then_us > half_hour_us:
                merchants.add(sale & IDENTITY_MASK)
    gap_s = new = math.nan
    if seen:
        gap_s = max(event_us - past_us[slot - 1], 0) / US_PER_S
        if device != NOBODY:
            new = float(device not in devices.tolist())
    times[slot], sales[slot], devices[slot] = event_us, pack(cents, merchant), device
    ringed["count"][row] = seen + 1
    return count_1h, cents_1h / 100.0, count_24h, cents_24h / 100.0, len(merchants), gap_s, new


def _speed(ring: Ring, row: int, event_us: int, lat: float, lon: float) -> float:
    """Return km/h from the card's latest place to this one, and remember this one."""
    times, place = ring.columns["place_us"], ring.columns["place"][row]
    then_us: int = times.item(row)
    speed = math.nan
    if then_us != NEVER:
        there: list[float] = place.tolist()
        way_km = distance_km(there[0], there[1], lat, lon)
        speed = way_km / (max(event_us - then_us, SHORTEST_WAY_US) / US_PER_HOUR)
    times[row], place[0], place[1] = event_us, lat, lon
    return speed


def _merchant(ring: Ring, row: int, event_us: int, cents: int) -> tuple[int, float]:
    ringed = ring.columns
    seen: int = ringed["count"].item(row)
    slot, since_us = seen & (ring.depth - 1), event_us - HOUR_US
    times, amounts = ringed["event_us"][row], ringed["cents"][row]
    chosen = (times > since_us).nonzero()[0].tolist()
    cents_1h = cents + sum(map(amounts.item, chosen))
    times[slot], amounts[slot] = event_us, cents
    ringed["count"][row] = seen + 1
    return len(chosen) + 1, cents_1h / 100.0


def _device(ring: Ring, row: int, second: int, card: int) -> int:
    """Return distinct cards in 7 days."""
    ringed = ring.columns
    seen: int = ringed["count"].item(row)
    visits, before = ringed["visit"][row], last_before(second - WEEK_S)
    cards = {card}
    cards.update([visit & IDENTITY_MASK for visit in visits.tolist() if visit > before])
    visits[seen & (ring.depth - 1)] = pack(second, card)
    ringed["count"][row] = seen + 1
    return len(cards)
