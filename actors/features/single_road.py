"""Streaming features of a few transactions, one by one: what `batch_road` computes on arrays, bit for bit.

For one row the fixed cost of some hundred array operations is ten times that of plain Python.
"""

import math

import numpy as np

from actors.arrays import F32
from actors.clock import US_PER_HOUR, US_PER_S
from actors.features.geo import distance_km
from actors.features.ring import NEVER, NOBODY, Ring
from actors.features.rings import DAY_US, HALF_HOUR_US, HOUR_US, SHORTEST_WAY_US, WEEK_US, Rings
from actors.transaction import Columns


def advance(rings: Rings, columns: Columns) -> F32:
    """Count a few transactions and return their streaming features, float32 (n, len(STREAM_COLUMNS))."""
    places = columns.lat.astype(np.float32).tolist(), columns.lon.astype(np.float32).tolist()
    rows = zip(
        columns.cards,
        columns.merchants,
        columns.device,
        columns.event_us.tolist(),
        columns.cents.tolist(),
        *places,
        strict=True,
    )
    return np.array([_row(rings, *row) for row in rows], dtype=np.float32)


def _row(
    rings: Rings, card: str, merchant: str, device: str | None, event_us: int, cents: int, lat: float, lon: float
) -> tuple[float, ...]:
    """Return one row in the order of STREAM_COLUMNS."""
    card_row, merchant_row = rings.cards.locate_one(card), rings.merchants.locate_one(merchant)
    merchant_id = int(rings.merchants.columns["identity"][merchant_row])
    device_id, cards_7d = NOBODY, math.nan
    if device is not None:
        device_row = rings.devices.locate_one(device)
        device_id = int(rings.devices.columns["identity"][device_row])
        cards_7d = _device(rings.devices, device_row, event_us, int(rings.cards.columns["identity"][card_row]))
    speed = _speed(rings.cards, card_row, event_us, lat, lon)
    of_card = _card(rings.cards, card_row, event_us, cents, merchant_id, device_id)
    return (*of_card, speed, *_merchant(rings.merchants, merchant_row, event_us, cents), cards_7d)


def _card(ring: Ring, row: int, event_us: int, cents: int, merchant: int, device: int) -> tuple[float, ...]:
    ringed = ring.columns
    seen = int(ringed["count"][row])
    past_us = ringed["event_us"][row].tolist()
    past = zip(past_us, ringed["cents"][row].tolist(), ringed["merchant"][row].tolist(), strict=True)
    hour_us, day_us, half_hour_us = event_us - HOUR_US, event_us - DAY_US, event_us - HALF_HOUR_US
    count_1h, cents_1h, count_24h, cents_24h, merchants = 1, cents, 1, cents, {merchant}
    for then_us, then_cents, then_merchant in past:
        if then_us > day_us:
            count_24h += 1
            cents_24h += then_cents
            if then_us > hour_us:
                count_1h += 1
                cents_1h += then_cents
                if then_us > half_hour_us:
                    merchants.add(then_merchant)
    gap_s = new = math.nan
    if seen:
        gap_s = max(event_us - past_us[(seen - 1) & (ring.depth - 1)], 0) / US_PER_S
        if device != NOBODY:
            new = float(device not in ringed["device"][row].tolist())
    slot = seen & (ring.depth - 1)
    ringed["event_us"][row, slot] = event_us
    ringed["cents"][row, slot] = cents
    ringed["merchant"][row, slot] = merchant
    ringed["device"][row, slot] = device
    ringed["count"][row] = seen + 1
    return count_1h, cents_1h / 100.0, count_24h, cents_24h / 100.0, len(merchants), gap_s, new


def _speed(ring: Ring, row: int, event_us: int, lat: float, lon: float) -> float:
    """Return km/h from the card's latest place to this one, and remember this one."""
    if math.isnan(lat) or math.isnan(lon):
        return math.nan
    ringed = ring.columns
    then_us = int(ringed["place_us"][row])
    speed = math.nan
    if then_us != NEVER:
        way_km = distance_km(float(ringed["lat"][row]), float(ringed["lon"][row]), lat, lon)
        speed = way_km / (max(event_us - then_us, SHORTEST_WAY_US) / US_PER_HOUR)
    ringed["place_us"][row], ringed["lat"][row], ringed["lon"][row] = event_us, lat, lon
    return speed


def _merchant(ring: Ring, row: int, event_us: int, cents: int) -> tuple[float, float]:
    ringed = ring.columns
    seen, since_us = int(ringed["count"][row]), event_us - HOUR_US
    chosen = [
        then_cents
        for then_us, then_cents in zip(ringed["event_us"][row].tolist(), ringed["cents"][row].tolist(), strict=True)
        if then_us > since_us
    ]
    slot = seen & (ring.depth - 1)
    ringed["event_us"][row, slot] = event_us
    ringed["cents"][row, slot] = cents
    ringed["count"][row] = seen + 1
    return len(chosen) + 1, (sum(chosen) + cents) / 100.0


def _device(ring: Ring, row: int, event_us: int, card: int) -> int:
    """Return distinct cards in 7 days."""
    ringed = ring.columns
    seen, since_us = int(ringed["count"][row]), event_us - WEEK_US
    cards = {card}
    cards.update(
        then_card
        for then_us, then_card in zip(ringed["event_us"][row].tolist(), ringed["card"][row].tolist(), strict=True)
        if then_us > since_us
    )
    slot = seen & (ring.depth - 1)
    ringed["event_us"][row, slot] = event_us
    ringed["card"][row, slot] = card
    ringed["count"][row] = seen + 1
    return len(cards)
