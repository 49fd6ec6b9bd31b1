"""Streaming features of a batch, on arrays: what `single_road` computes one by one, bit for bit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.arrays import F32, F64, I32, I64, Bool
from actors.clock import US_PER_HOUR, US_PER_S
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.geo import distances_km
from actors.features.grouping import Grouping
from actors.features.packing import IDENTITY_MASK, identity_in, last_before, number_in, pack
from actors.features.ring import NEVER, NOBODY, Ring
from actors.features.rings import DAY_US, HALF_HOUR_US, HOUR_US, SHORTEST_WAY_US, WEEK_S, Located, Rings
from actors.transaction import Columns

_CARD = slice(0, 8)  # columns of the result, in the order of STREAM_COLUMNS
_MERCHANT = slice(8, 10)
_DEVICE = 10
_CARD_SPANS_US = np.array([[HOUR_US], [DAY_US], [HALF_HOUR_US]])


def advance(rings: Rings, columns: Columns) -> F32:
    """Count a batch and return its streaming features, float32 (n, len(STREAM_COLUMNS)).

    Args:
        rings: brought up to date.
        columns: at most ``rings.largest_batch`` transactions, at least 1.
    """
    out = np.empty((len(columns), len(STREAM_COLUMNS)), dtype=np.float32)
    located = rings.locate(columns)
    device_ids = _devices(rings, located, columns, out)
    merchant_ids = rings.merchants.columns["identity"].take(located.merchants)
    _card(rings.cards, located.cards, columns, merchant_ids, device_ids, out)
    _merchant(rings.merchants, located.merchants, columns, out)
    return out


def _card(ring: Ring, rows: I64, columns: Columns, merchants: I32, devices: I32, out: F32) -> None:
    ringed = ring.columns
    group = Grouping(rows, ringed["count"], ring.depth)
    order = group.order
    event_us, cents, device = columns.event_us.take(order), columns.cents.take(order), devices.take(order)
    sale = pack(cents, merchants.take(order).astype(np.int64))
    past_us, past_sale = group.past(ringed["event_us"], event_us), group.past(ringed["sale"], sale)

    features = np.empty((_CARD.stop, len(rows)), dtype=np.float32)
    within = past_us > (event_us - _CARD_SPANS_US)[:, None, :]  # (3, depth, n); what lies ahead counts as now
    counts = np.add.reduce(within, axis=1, dtype=np.uint8)
    features[0:4:2] = counts[:2]
    features[0:4:2] += 1
    features[1:4:2] = (np.add.reduce(np.where(within[:2], number_in(past_sale), 0), axis=1) + cents) / 100.0
    features[4] = 1
    several = counts[2].nonzero()[0]
    if several.size:
        features[4, several] = _distinct(within[2][:, several], past_sale[:, several], sale.take(several))

    known = group.seen > 0
    features[5] = np.where(known, np.maximum(event_us - group.newest(past_us), 0) / US_PER_S, np.nan)
    remembered = np.logical_or.reduce(group.past(ringed["device"], device) == device, axis=0)
    features[6] = np.where(known & (device != NOBODY), ~remembered, np.nan)
    features[7] = _speed(group, ringed, event_us, columns)
    out[order, _CARD] = features.T

    group.store(ringed["event_us"], event_us)
    group.store(ringed["sale"], sale)
    group.store(ringed["device"], device)
    group.store_count(ringed["count"])


def _speed(group: Grouping, ringed: dict[str, NDArray[Any]], event_us: I64, columns: Columns) -> F64:
    """Return km/h from the card's latest place to this one, (n,) sorted, and remember this one."""
    place = np.empty((len(event_us), 2), dtype=np.float32)
    place[:, 0] = columns.lat.take(group.order)
    place[:, 1] = columns.lon.take(group.order)
    placed = ~np.isnan(place[:, 0] + place[:, 1])
    before_us = group.latest(ringed["place_us"], event_us, placed)
    before = group.latest(ringed["place"], place, placed)
    speed = np.full(len(event_us), np.nan)
    told = (placed & (before_us != NEVER)).nonzero()[0]
    if told.size:
        there, here = before.take(told, axis=0).astype(np.float64), place.take(told, axis=0).astype(np.float64)
        spent_us = np.maximum(event_us.take(told) - before_us.take(told), SHORTEST_WAY_US)
        way_km = distances_km(there[:, 0], there[:, 1], here[:, 0], here[:, 1])
        speed[told] = way_km / (spent_us / US_PER_HOUR)
    rows = group.rows[placed]
    ringed["place_us"][rows] = event_us[placed]
    ringed["place"][rows] = place[placed]
    return speed


def _merchant(ring: Ring, rows: I64, columns: Columns, out: F32) -> None:
    ringed = ring.columns
    group = Grouping(rows, ringed["count"], ring.depth)
    order = group.order
    event_us, cents = columns.event_us.take(order), columns.cents.take(order)
    within = group.past(ringed["event_us"], event_us) > event_us - HOUR_US
    features = np.empty((2, len(rows)), dtype=np.float32)
    features[0] = np.add.reduce(within, axis=0, dtype=np.uint8)
    features[0] += 1
    features[1] = (np.add.reduce(np.where(within, group.past(ringed["cents"], cents), 0), axis=0) + cents) / 100.0
    out[order, _MERCHANT] = features.T
    group.store(ringed["event_us"], event_us)
    group.store(ringed["cents"], cents)
    group.store_count(ringed["count"])


def _devices(rings: Rings, located: Located, columns: Columns, out: F32) -> I32:
    """Fill in the distinct cards of each device in 7 days; return the devices' identities, NOBODY where missing."""
    out[:, _DEVICE] = np.nan
    identities = np.full(len(columns), NOBODY, dtype=np.int32)
    rows, at = located.devices, located.with_device
    if not rows.size:
        return identities
    ring, ringed = rings.devices, rings.devices.columns
    identities[at] = ringed["identity"].take(rows)
    group = Grouping(rows, ringed["count"], ring.depth)
    cards = rings.cards.columns["identity"].take(located.cards[at]).astype(np.int64)
    seconds = columns.event_us[at] // US_PER_S
    visit = pack(seconds, cards).take(group.order)
    past = group.past(ringed["visit"], visit)
    within = past > last_before(seconds.take(group.order) - WEEK_S)
    distinct = np.empty(len(rows))
    distinct[group.order] = _distinct(within, past, visit)
    out[at, _DEVICE] = distinct
    group.store(ringed["visit"], visit)
    group.store_count(ringed["count"])
    return identities


def _distinct(within: Bool, past: I64, now: I64) -> I64:
    """Return the number of distinct identities among those of the past chosen and this one's, (n,).

    Args:
        within: which of the past to count, (depth, n).
        past: words, (depth, n).
        now: words, (n,).
    """
    distinct = np.ones(len(now), dtype=np.int64)
    others = within & ((past ^ now) & IDENTITY_MASK != 0)
    several = np.logical_or.reduce(others, axis=0).nonzero()[0]
    if several.size:
        own = identity_in(now.take(several))
        seen = np.where(others[:, several], identity_in(past[:, several]), own)
        seen = np.concatenate((seen, own[None]))
        seen.sort(axis=0)
        distinct[several] += np.add.reduce(seen[1:] != seen[:-1], axis=0, dtype=np.int64)
    return distinct
