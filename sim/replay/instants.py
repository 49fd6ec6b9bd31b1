"""Texts, local times and bare numbers as instants, without any library's guess."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from actors.core.arrays import F64, I64, Bool
from actors.core.clock import NS_PER, NS_PER_US, US_PER_DAY, US_PER_S
from sim.time_formats import MONTHS, OFFSET, PATTERNS

_CLOCK = rf"(?P<H>{PATTERNS['H']}):(?P<M>[0-9]{{2}})(?::(?P<S>[0-9]{{2}})(?:[.,](?P<f>{PATTERNS['f']}))?)?"
_RUN = r"(?P<Y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})T(?P<H>[0-9]{2})(?P<M>[0-9]{2})"
YEAR_FIRST = (
    *(
        rf"(?i)^(?P<Y>[0-9]{{4}}){between}(?P<m>[0-9]{{1,2}}){between}(?P<d>[0-9]{{1,2}})"
        rf"(?:(?:T| +){_CLOCK} *(?P<z>{OFFSET})?)?$"
        for between in ("-", "/", "[.]")
    ),
    rf"(?i)^{_RUN}(?:(?P<S>[0-9]{{2}})(?:[.,](?P<f>[0-9]{{1,9}}))?)? *(?P<z>{OFFSET})?$",
)
"""Dates that need no format: the year stands first, then month and day. ISO 8601, and what databases write."""

CENTURY_FROM = 90  # a year of two digits is 1990 to 2089
OFFSET_PARTS = r"^([+-])([0-9]{2}):?([0-9]{2})?$"


@dataclass(frozen=True, slots=True)
class InstantReader:
    """Texts as moments; each array has a value a text.

    Attributes:
        local_us: microseconds since 1970-01-01 on the clock that the text is of; any value where it is none.
        offset_us: of that clock from UTC; 0 where the text has none.
        fits: whether the text fits a pattern.
        real: whether there is such a day and such a time of day.
        aware: whether it has an offset.
    """

    local_us: I64
    offset_us: I64
    fits: Bool
    real: Bool
    aware: Bool

    @classmethod
    def of(cls, texts: pl.Series, patterns: Sequence[str]) -> Self:
        """Return the moments of ``texts``, each by the first of ``patterns`` that it fits."""
        moments = cls._by(texts, patterns[0])
        for pattern in patterns[1:]:
            if (moments.fits | texts.is_null().to_numpy()).all():
                break
            moments = moments.otherwise(cls._by(texts, pattern))
        return moments

    @classmethod
    def _by(cls, texts: pl.Series, pattern: str) -> Self:
        groups = texts.str.strip_chars().str.extract_groups(pattern).struct
        part = {name: groups.field(name) for name in re.findall(r"\?P<(\w)>", pattern)}
        number = {name: _number(part[name]) for name in part if name in "YymdjHIMS"}
        zero = np.zeros(len(texts), dtype=np.int64)
        year = number["Y"] if "Y" in number else number["y"] + np.where(number["y"] < CENTURY_FROM, 2000, 1900)
        month = _months(part["b"]) if "b" in part else number.get("m", zero + 1)
        hour = _hours(number["I"], part["p"]) if "I" in number else number.get("H", zero)
        minute, second = number.get("M", zero), number.get("S", zero)
        if "j" in number:
            month, day, real_day = zero + 1, number["j"], _real_day_of_year(year, number["j"])
        else:
            day = number.get("d", zero + 1)
            real_day = _real_day(year, month, day)
        offset_us, real_offset = _offsets(part["z"]) if "z" in part else (zero, zero == 0)
        fraction_us = _fraction_us(part["f"]) if "f" in part else zero
        return cls(
            local_us=_days(year, month, day) * US_PER_DAY
            + ((hour * 60 + minute) * 60 + second) * US_PER_S
            + fraction_us,
            offset_us=offset_us,
            fits=part["Y" if "Y" in part else "y"].is_not_null().to_numpy(),
            real=real_day & (hour < 24) & (minute < 60) & (second < 60) & real_offset,  # noqa: PLR2004 - a day's parts
            aware=part["z"].is_not_null().to_numpy() if "z" in part else zero != 0,
        )

    def otherwise(self, other: Self) -> Self:
        """Return these moments, and those of ``other`` where these fit nothing."""
        arrays = [
            np.where(self.fits, getattr(self, name), getattr(other, name)) for name in type(self).__dataclass_fields__
        ]
        return type(self)(*arrays)


def _number(digits: pl.Series) -> I64:
    numbers: I64 = digits.cast(pl.Int64).fill_null(0).to_numpy()
    return numbers


def _months(names: pl.Series) -> I64:
    numbers = {name: number for number, name in enumerate(MONTHS, start=1)}
    short = names.str.to_lowercase().str.slice(0, 3)
    return _number(short.replace_strict(numbers, default=None, return_dtype=pl.Int64))


def _hours(twelve: I64, half: pl.Series) -> I64:
    """Return hours of the day; 24, which is none, where the hour is not one of twelve."""
    after_noon = half.str.to_lowercase().str.starts_with("p").fill_null(value=False).to_numpy()
    return np.where((twelve >= 1) & (twelve <= 12), twelve % 12 + 12 * after_noon, 24)  # noqa: PLR2004 - its hours


def _fraction_us(digits: pl.Series) -> I64:
    return _number(digits.str.pad_end(6, "0").str.slice(0, 6))


def _offsets(texts: pl.Series) -> tuple[I64, Bool]:
    """Return offsets from UTC in microseconds, and which of them a clock can have."""
    parts = texts.str.extract_groups(OFFSET_PARTS).struct
    hours, minutes = _number(parts.field("2")), _number(parts.field("3"))
    sign = np.where((parts.field("1") == "-").fill_null(value=False).to_numpy(), -1, 1)
    return sign * (hours * 60 + minutes) * 60 * US_PER_S, (hours <= 18) & (minutes < 60)  # noqa: PLR2004 - as ISO 8601


def _days(year: I64, month: I64, day: I64) -> I64:
    """Return days since 1970-01-01 in the Gregorian calendar.

    Source: H. Hinnant, chrono-Compatible Low-Level Date Algorithms, days_from_civil.
    """
    from_march = year - (month <= 2)  # noqa: PLR2004 - January and February end a year that begins in March
    era = from_march // 400
    year_of_era = from_march - era * 400
    day_of_year = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + day - 1  # noqa: PLR2004 - as above
    days: I64 = era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468
    return days


def _real_day(year: I64, month: I64, day: I64) -> Bool:
    next_month = _days(year + (month == 12), month % 12 + 1, np.ones_like(day))  # noqa: PLR2004 - December is the last
    length = next_month - _days(year, month, np.ones_like(day))
    return (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)  # noqa: PLR2004 - months of a year


def _real_day_of_year(year: I64, day: I64) -> Bool:
    first = np.ones_like(day)
    length = _days(year + 1, first, first) - _days(year, first, first)
    return (day >= 1) & (day <= length)


_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - on a clock of any zone
_US = dt.timedelta(microseconds=1)
_US_PER_MINUTE = 60 * US_PER_S  # no zone changes its clock within a minute


@dataclass(frozen=True, slots=True)
class Instants:
    """Local times as instants; each array has a value a time.

    Attributes:
        event_us: microseconds since the Unix epoch; of the first where there are two.
        twice: the clock said so twice, once before it went back and once after.
        never: the clock never said so: it went forward over it.
    """

    event_us: I64
    twice: Bool
    never: Bool

    @staticmethod
    def of(local_us: I64, timezone: str) -> "Instants":
        """Return the instants at which clocks in ``timezone`` say ``local_us``; the years must be 1 to 9999."""
        none = np.zeros(len(local_us), dtype=np.bool_)
        if timezone == "UTC":
            return Instants(local_us, none, none)
        zone = ZoneInfo(timezone)
        days, day = np.unique(local_us // US_PER_DAY, return_inverse=True)
        edges = [
            (utc_offset_us(each * US_PER_DAY, zone), utc_offset_us((each + 1) * US_PER_DAY, zone))
            for each in days.tolist()
        ]
        first, last = np.array(edges, dtype=np.int64).reshape(-1, 2).T
        changing = (first != last)[day]
        before, after = first[day], first[day]
        minutes, minute = np.unique(local_us[changing] // _US_PER_MINUTE, return_inverse=True)
        for offsets, fold in ((before, 0), (after, 1)):
            each_us = [utc_offset_us(each * _US_PER_MINUTE, zone, fold) for each in minutes.tolist()]
            offsets[changing] = np.array(each_us, dtype=np.int64)[minute]
        return Instants(local_us - before, before > after, before < after)


def utc_offset_us(local_us: int, zone: ZoneInfo, fold: int = 0) -> int:
    """Return how far clocks in ``zone`` are ahead of UTC when they say ``local_us``, the first time or the second."""
    local = (_EPOCH + dt.timedelta(microseconds=local_us)).replace(tzinfo=zone, fold=fold)
    offset = local.utcoffset()
    return 0 if offset is None else offset // _US


NUMBER = r"^([+-]?)([0-9]+)(?:\.([0-9]*))?$"
_FAR = 2**62  # microseconds; stands for all that is farther than any time we take


@dataclass(frozen=True, slots=True)
class Counts:
    """A column of numbers; each array has a value a row.

    Attributes:
        whole: the part before the point, with its sign; cut at 2^62.
        fraction: the rest, with the same sign.
        numeric: whether it is a number.
    """

    whole: I64
    fraction: F64
    numeric: Bool

    @staticmethod
    def of(column: pl.Series) -> "Counts | None":
        """Return the numbers in ``column``, exactly as written; None when its type holds none."""
        if column.dtype == pl.String:
            return _of_texts(column.str.strip_chars())
        if column.dtype.is_float():
            values = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
            numeric = np.isfinite(values)
            known = np.clip(np.where(numeric, values, 0.0), -_FAR, _FAR)
            whole = np.trunc(known)
            return Counts(whole.astype(np.int64), known - whole, numeric)
        if column.dtype.is_numeric():
            texts = column.cast(pl.String)
            return _of_texts(texts)
        return None

    def event_us(self, unit: str, since_us: int) -> I64:
        """Return microseconds since the Unix epoch; what is too far for that is cut at 2^62 on its side."""
        if unit == "ns":
            return _bounded(self.whole // NS_PER_US, since_us)
        per = NS_PER[unit] // NS_PER_US
        limit = _FAR // per
        parts = np.rint(self.fraction * per).astype(np.int64)
        near = np.abs(self.whole) < limit
        us = np.where(near, np.where(near, self.whole, 0) * per + parts, np.sign(self.whole) * _FAR)
        return _bounded(us, since_us)


def _bounded(us: I64, since_us: int) -> I64:
    return np.clip(us, -_FAR, _FAR) + since_us


def _of_texts(texts: pl.Series) -> Counts:
    parts = texts.str.extract_groups(NUMBER).struct
    minus = (parts.field("1") == "-").fill_null(value=False).to_numpy()
    digits = parts.field("2")
    whole = digits.cast(pl.Int64, strict=False).fill_null(_FAR).to_numpy()
    fraction = ("0." + parts.field("3").fill_null("") + "0").cast(pl.Float64).to_numpy()
    sign = np.where(minus, -1, 1)
    return Counts(sign * np.minimum(whole, _FAR), sign * fraction, digits.is_not_null().to_numpy())
