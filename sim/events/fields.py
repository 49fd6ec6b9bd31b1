"""What each field of a transaction accepts from a file, and how a column becomes one.

Nothing is guessed: a value that does not convert whole is refused, and an absent optional value stays absent.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from actors.transaction import MAX_AMOUNT

MAX_NAME = 64


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        rule: what its values must be, for the text of an error.
        convert: a column as this field's type, null where a value does not convert; None when the type cannot. Its
            second argument is the time zone of times without an offset.
        valid: true where a converted value keeps the rule; null counts as true.
    """

    rule: str
    convert: Callable[[pl.Series, str], pl.Series | None]
    valid: Callable[[pl.Series], pl.Series]


def _name(column: pl.Series, _timezone: str) -> pl.Series | None:
    kind = column.dtype
    if kind == pl.String:
        return column
    if kind.is_integer() or kind in (pl.Categorical, pl.Enum):
        return column.cast(pl.String)
    return None


def _short_line(column: pl.Series) -> pl.Series:
    return column.str.len_chars().is_between(1, MAX_NAME) & ~column.str.contains("\n", literal=True)


def _instant(column: pl.Series, timezone: str) -> pl.Series | None:
    kind = column.dtype
    if kind.is_integer():
        return column.cast(pl.Int64, strict=False)
    if kind == pl.String:
        return _instant_text(column, timezone)
    return _epoch(column, timezone) if isinstance(kind, pl.Datetime) else None


def _instant_text(column: pl.Series, timezone: str) -> pl.Series:
    number = column.cast(pl.Int64, strict=False)
    if number.null_count() == column.null_count():
        return number
    try:
        return _epoch(column.str.to_datetime(time_unit="us", strict=False), timezone)
    except pl.exceptions.ComputeError:  # not one value looks like a time
        return number


def _epoch(column: pl.Series, timezone: str) -> pl.Series:
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is None:
        # An hour that occurs twice is taken as its first; one that never was is no time.
        column = column.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return column.dt.epoch("us")


def _number(column: pl.Series, _timezone: str) -> pl.Series | None:
    kind = column.dtype
    if kind == pl.Float32:
        return column.cast(pl.Float64).round(2)  # 81.51 stored in 32 bits reads 81.51000213…
    if kind.is_numeric() or kind == pl.String:
        return column.cast(pl.Float64, strict=False)
    return None


def _degrees(column: pl.Series, _timezone: str) -> pl.Series | None:
    kind = column.dtype
    return column.cast(pl.Float64, strict=False) if kind.is_numeric() or kind == pl.String else None


def _flag(column: pl.Series, _timezone: str) -> pl.Series | None:
    kind = column.dtype
    if kind == pl.Boolean:
        return column.cast(pl.Int64)
    if kind == pl.String:
        words = column.str.to_lowercase().replace({"true": "1", "false": "0"})
        return words.cast(pl.Int64, strict=False)
    if kind.is_integer():
        return column.cast(pl.Int64)
    return None


def _between(low: float, high: float) -> Callable[[pl.Series], pl.Series]:
    def valid(column: pl.Series) -> pl.Series:
        return column.is_between(low, high) & column.is_not_nan()

    return valid


NAME = Field(f"must be a line of 1 to {MAX_NAME} characters or a whole number", _name, _short_line)
INSTANT = Field(
    "must be a time (such as 2018-04-01T00:00:31, or microseconds since 1970)",
    _instant,
    lambda column: column >= 0,
)
AMOUNT = Field(f"must be a number from 0 to {MAX_AMOUNT:.0f}", _number, _between(0, MAX_AMOUNT))
FLAG = Field("must be 0 or 1", _flag, lambda column: column.is_between(0, 1))
LATITUDE = Field("must be degrees from -90 to 90", _degrees, _between(-90, 90))
LONGITUDE = Field("must be degrees from -180 to 180", _degrees, _between(-180, 180))

FIELDS = {
    "id": NAME,
    "event_time": INSTANT,
    "card": NAME,
    "merchant": NAME,
    "amount": AMOUNT,
    "fraud": FLAG,
    "currency": NAME,
    "category": NAME,
    "channel": NAME,
    "device": NAME,
    "ip_country": NAME,
    "card_country": NAME,
    "lat": LATITUDE,
    "lon": LONGITUDE,
}
