"""Real-time features: what the transaction says by itself, on arrays and for one row, bit for bit the same."""

import math
from collections.abc import Callable

import numpy as np

from actors.arrays import F64, I64
from actors.clock import US_PER_DAY, US_PER_HOUR
from actors.features.catalogue import CATALOGUE, Tier
from actors.features.categories import NO_CATEGORY, category_code, category_codes
from actors.transaction import Columns

REALTIME_COLUMNS = tuple(each.name for each in CATALOGUE if each.tier is Tier.REALTIME)

_ONLINE: dict[str | None, float] = {None: math.nan, "online": 1.0}
_DEGREES_PER_HOUR = 15.0
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday


def amount(columns: Columns) -> F64:
    """Return the amount."""
    return columns.amount


def local_hour(columns: Columns) -> F64:
    """Return the solar hour of the day at the transaction's longitude, in [0, 24]."""
    return np.asarray((hour_of_day(columns) + columns.lon / _DEGREES_PER_HOUR) % 24.0)


def hour_of_day(columns: Columns) -> F64:
    """Return the hour of the day, UTC, in [0, 24)."""
    return np.asarray(columns.event_us % US_PER_DAY / US_PER_HOUR)


def weekday(columns: Columns) -> I64:
    """Return the day of the week, UTC, Monday is 0."""
    return np.asarray((columns.event_us // US_PER_DAY + _EPOCH_WEEKDAY) % 7)


def category(columns: Columns) -> F64:
    """Return the code of the merchant category."""
    codes = category_codes(columns.category)
    return np.where(codes == NO_CATEGORY, np.nan, codes)


def online(columns: Columns) -> F64:
    """Return 1 where the channel is ``online``, 0 where it is another."""
    get = _ONLINE.get
    return np.array([get(channel, 0.0) for channel in columns.channel])


def country_mismatch(columns: Columns) -> F64:
    """Return 1 where the address's country is not the card's."""
    pairs = zip(columns.ip_country, columns.card_country, strict=True)
    return np.array([math.nan if ip is None or home is None else ip != home for ip, home in pairs], dtype=np.float64)


REALTIME: dict[str, Callable[[Columns], F64 | I64]] = {
    each.__name__: each for each in (amount, local_hour, hour_of_day, weekday, category, online, country_mismatch)
}


def realtime_row(columns: Columns, at: int) -> tuple[float, ...]:
    """Return all real-time features of row ``at``, in the order of REALTIME_COLUMNS."""
    event_us, lon = int(columns.event_us[at]), float(columns.lon[at])
    hour = event_us % US_PER_DAY / US_PER_HOUR
    code = category_code(columns.category[at])
    ip, home = columns.ip_country[at], columns.card_country[at]
    return (
        float(columns.amount[at]),
        (hour + lon / _DEGREES_PER_HOUR) % 24.0,
        hour,
        (event_us // US_PER_DAY + _EPOCH_WEEKDAY) % 7,
        math.nan if code == NO_CATEGORY else code,
        _ONLINE.get(columns.channel[at], 0.0),
        math.nan if ip is None or home is None else float(ip != home),
    )
