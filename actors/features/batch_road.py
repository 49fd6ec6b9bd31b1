"""Streaming features of a batch, on arrays: what `single_road` computes one by one, bit for bit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.arrays import F32, F64, I32, I64, Bool
from actors.clock import US_PER_HOUR, US_PER_S
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.geo import distances_km
from actors.features.grouping import Grouping
from actors.features.ring import NEVER, NOBODY, Ring
from actors.features.rings import DAY_US, HALF_HOUR_US, HOUR_US, SHORTEST_WAY_US, WEEK_US, Rings
from actors.transaction import Columns

_AT = {name: number for number, name in enumerate(STREAM_COLUMNS)}
_BYTES_ADDED = np.uint64(0x0101010101010101)
_TOP_BYTE = np.uint64(56)


def advance(rings: Rings, columns: Columns) -> F32:
    """Count a batch and return its streaming features, float32 (n, len(STREAM_COLUMNS)).

    Args:
        rings: brought up to date.
        columns: at most ``rings.largest_batch`` transactions, at least 1.
    """
    out = np.full((len(columns), len(STREAM_COLUMNS)), np.nan, dtype=np.float32)
    card_rows, merchant_rows = rings.cards.locate(columns.cards), rings.merchants.locate(columns.merchants)
    card_ids = rings.cards.columns["identity"][card_rows]
    merchant_ids = rings.merchants.columns["identity"][merchant_rows]
    device_ids = np.full(len(columns), NOBODY, dtype=np.int32)
    with_device = np.flatnonzero([name is not None for name in columns.device])
    if with_device.size:
        device_rows = rings.devices.locate([name for name in columns.device if name is not None])
        device_ids[with_device] = rings.devices.columns["identity"][device_rows]
        cards_7d = _device(rings.devices, device_rows, columns.event_us[with_device], card_ids[with_device])
        out[with_device, _AT["device_cards_7d"]] = cards_7d
    _card(rings.cards, card_rows, columns, merchant_ids, device_ids, out)
    _merchant(rings.merchants, merchant_rows, columns, out)
    return out


def _card(ring: Ring, rows: I64, columns: Columns, merchants: I32, devices: I32, out: F32) -> None:
    group, ringed = Grouping(rows, ring.columns["count"], ring.depth), ring.columns
    order = group.order
    event_us, cents = columns.event_us[order], columns.cents[order]
    merchant, device = merchants[order], devices[order]
    past_us = group.past(ringed["event_us"], event_us)
    past_cents = group.past(ringed["cents"], cents)

    in_hour, in_day, in_half_hour = (_within(past_us, event_us, span) for span in (HOUR_US, DAY_US, HALF_HOUR_US))
    out[order, _AT["card_tx_1h"]] = _count(in_hour) + 1
    out[order, _AT["card_amount_1h"]] = _amount(in_hour, past_cents, cents)
    out[order, _AT["card_tx_24h"]] = _count(in_day) + 1
    out[order, _AT["card_amount_24h"]] = _amount(in_day, past_cents, cents)
    merchants_30m = _distinct(in_half_hour, group.past(ringed["merchant"], merchant), merchant)
    out[order, _AT["card_merchants_30m"]] = merchants_30m

    known = group.seen > 0
    gap_us = np.maximum(event_us - group.newest(past_us), 0)
    out[order, _AT["card_gap_s"]] = np.where(known, gap_us / US_PER_S, np.nan)
    new = _count(group.past(ringed["device"], device) == device[:, None]) == 0
    out[order, _AT["card_device_new"]] = np.where(known & (device != NOBODY), new, np.nan)
    out[order, _AT["card_speed_kmh"]] = _speed(group, ringed, event_us, columns, order)

    group.store(ringed["event_us"], event_us)
    group.store(ringed["cents"], cents)
    group.store(ringed["merchant"], merchant)
    group.store(ringed["device"], device)
    group.store_count(ringed["count"])


def _speed(group: Grouping, ringed: dict[str, NDArray[Any]], event_us: I64, columns: Columns, order: I64) -> F64:
    """Return km/h from the card's latest place to this one, (n,) sorted, and remember this one."""
    lat, lon = columns.lat[order].astype(np.float32), columns.lon[order].astype(np.float32)
    placed = ~(np.isnan(lat) | np.isnan(lon))
    now: dict[str, NDArray[Any]] = {"place_us": event_us, "lat": lat, "lon": lon}
    before = {name: group.latest(ringed[name], values, placed) for name, values in now.items()}
    speed = np.full(len(order), np.nan)
    told = np.flatnonzero(placed & (before["place_us"] != NEVER))
    if told.size:
        way = [side[name][told].astype(np.float64) for side in (before, now) for name in ("lat", "lon")]
        spent_us = np.maximum(event_us[told] - before["place_us"][told], SHORTEST_WAY_US)
        speed[told] = distances_km(*way) / (spent_us / US_PER_HOUR)
    for name, values in now.items():
        ringed[name][group.rows[placed]] = values[placed]
    return speed


def _merchant(ring: Ring, rows: I64, columns: Columns, out: F32) -> None:
    group, ringed = Grouping(rows, ring.columns["count"], ring.depth), ring.columns
    order = group.order
    event_us, cents = columns.event_us[order], columns.cents[order]
    in_hour = _within(group.past(ringed["event_us"], event_us), event_us, HOUR_US)
    out[order, _AT["merchant_tx_1h"]] = _count(in_hour) + 1
    out[order, _AT["merchant_amount_1h"]] = _amount(in_hour, group.past(ringed["cents"], cents), cents)
    group.store(ringed["event_us"], event_us)
    group.store(ringed["cents"], cents)
    group.store_count(ringed["count"])


def _device(ring: Ring, rows: I64, event_us: I64, cards: I32) -> I64:
    """Return distinct cards in 7 days, (n,) in batch order."""
    group, ringed = Grouping(rows, ring.columns["count"], ring.depth), ring.columns
    event_us, cards = event_us[group.order], cards[group.order]
    in_week = _within(group.past(ringed["event_us"], event_us), event_us, WEEK_US)
    distinct = np.empty(len(rows), dtype=np.int64)
    distinct[group.order] = _distinct(in_week, group.past(ringed["card"], cards), cards)
    group.store(ringed["event_us"], event_us)
    group.store(ringed["card"], cards)
    group.store_count(ringed["count"])
    return distinct


def _within(past_us: I64, event_us: I64, span_us: int) -> Bool:
    """Return which of the past lies in (now − span, now], (n, depth); what came late and lies ahead counts as now."""
    return past_us > (event_us - span_us)[:, None]


def _count(chosen: Bool) -> I64:
    """Return the number chosen in each row, (n,): eight flags at a time are added as the bytes of a word."""
    words = chosen.view(np.uint64)
    added = words[:, 0] + words[:, 1]
    for number in range(2, words.shape[1]):
        added += words[:, number]
    return (added * _BYTES_ADDED >> _TOP_BYTE).astype(np.int64)


def _amount(chosen: Bool, past_cents: I64, cents: I64) -> F64:
    """Return the amount of those chosen and of this transaction, (n,)."""
    sums: I64 = np.add.reduce(np.where(chosen, past_cents, 0), axis=1)
    return (sums + cents) / 100.0


def _distinct(chosen: Bool, past: I32, now: I32) -> I64:
    """Return the number of distinct identities among those chosen and this one, (n,)."""
    distinct = np.ones(len(now), dtype=np.int64)
    others = chosen & (past != now[:, None])
    several = np.flatnonzero(_count(others))
    if several.size:
        seen = np.where(others[several], past[several], now[several][:, None])
        seen = np.concatenate((seen, now[several][:, None]), axis=1)
        seen.sort(axis=1)
        distinct[several] += (seen[:, 1:] != seen[:, :-1]).sum(axis=1)
    return distinct
