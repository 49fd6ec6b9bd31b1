"""Durations, rates, sizes and dates, as a person writes them and as the program holds them."""

import datetime as dt
import math
import re
from zoneinfo import ZoneInfo

import msgspec

from actors.core import clock
from actors.telemetry.metrics.metric import BYTES_PER

_ALSO = {"µs": "us", "min": "m"}  # other ways to write a unit
NS_PER = {unit: ns for unit, ns in clock.NS_PER.items() if unit not in _ALSO}
MAX_FACTOR = 10**9  # of a rate or a speed; beyond it a typing mistake
MIN_FACTOR = 1e-6  # of a speed: a second of event time in twelve days
MIN_RATE = 1e-9  # that is not 0: one transaction in thirty years
MAX_DURATION_NS = 3_660 * NS_PER["d"]  # ten years: beyond it a typing mistake, and int64 nanoseconds end at 292 years

UNSIGNED = r"(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = rf"[+-]?{UNSIGNED}"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*([A-Za-zµ]*)\s*")
_CAPACITY = re.compile(rf"\s*({_NUMBER})\s*x\s+capacity\s*")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_US = dt.timedelta(microseconds=1)


class Rate(msgspec.Struct, frozen=True):
    """Transactions a second: a number, or a share of the capacity that a probe measures before the run.

    Exactly one of the two is set.
    """

    per_s: float | None = None
    of_capacity: float | None = None

    def resolve(self, capacity_per_s: float) -> float:
        """Return transactions a second on a pipeline that can do ``capacity_per_s``."""
        return self.per_s if self.per_s is not None else (self.of_capacity or 0.0) * capacity_per_s


def parse_duration(text: str) -> int:
    """Return nanoseconds.

    Raises:
        ValueError: the text is not a number with a unit, or longer than ten years; its text is "rule; remedy".

    Example:
        >>> parse_duration("50ms"), parse_duration("1.5h")
        (50000000, 5400000000000)
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        rule = "must be a duration; write a number and a unit, as in 20s or 50ms"
        raise ValueError(rule)
    number, unit = found.groups()
    if not unit:
        rule = f'must be a duration with a unit; "{number}s or {number}ms?"'
        raise ValueError(rule)
    unit = _ALSO.get(unit, unit)
    if unit not in NS_PER:
        rule = f"must be a duration in one of {', '.join(NS_PER)}; {unit!r} is none of them"
        raise ValueError(rule)
    span_ns = float(number.replace("_", "")) * NS_PER[unit]
    if span_ns < 0:
        rule = "must be at least 0s; remove the minus"
        raise ValueError(rule)
    if not span_ns <= MAX_DURATION_NS:
        rule = "must be at most 10 years; write a shorter duration"
        raise ValueError(rule)
    return round(span_ns)


def render_duration(span_ns: int) -> str:
    """Return the shortest text with a whole number that parses back to ``span_ns``.

    Example:
        >>> render_duration(20_000_000_000), render_duration(1_500_000), render_duration(0)
        ('20s', '1500us', '0s')
    """
    if span_ns == 0:
        return "0s"
    unit = next(unit for unit in reversed(NS_PER) if span_ns % NS_PER[unit] == 0)
    return f"{span_ns // NS_PER[unit]}{unit}"


def spoken_duration(span_ns: int) -> str:
    """Return about how long ``span_ns`` is, for a reader: its two largest units, or seconds.

    Example:
        >>> spoken_duration(172_800_000_000_000), spoken_duration(5_430_000_000_000), spoken_duration(4_958_000_000)
        ('2 d', '1 h 30 min', '4.96 s')
    """
    for unit, word, part, part_word in (("d", "d", "h", "h"), ("h", "h", "m", "min"), ("m", "min", "s", "s")):
        whole, rest_ns = divmod(span_ns, NS_PER[unit])
        if whole:
            more = rest_ns // NS_PER[part]
            return f"{whole} {word} {more} {part_word}" if more else f"{whole} {word}"
    return f"{span_ns / NS_PER['s']:.3g} s"


def measured_duration(span_ns: int) -> str:
    """Return how long something took: seconds with a decimal, and from a minute on its two largest units.

    Example:
        >>> measured_duration(3_240_000_000), measured_duration(14_436_000_000_000)
        ('3.2 s', '4 h')
    """
    return f"{span_ns / NS_PER['s']:.1f} s" if span_ns < NS_PER["m"] else spoken_duration(span_ns)


def parse_rate(text: str) -> Rate:
    """Return a rate from "1000" or "1.5x capacity".

    Raises:
        ValueError: it is neither, negative, or not finite.

    Example:
        >>> parse_rate("1.5x capacity").of_capacity
        1.5
    """
    shared = _CAPACITY.fullmatch(text)
    number = shared.group(1) if shared else text.strip()
    if not re.fullmatch(_NUMBER, number):
        rule = "must be a rate; write 1000, or 1.5x capacity"
        raise ValueError(rule)
    value = float(number.replace("_", ""))
    if not (value == 0 or MIN_RATE <= value <= MAX_FACTOR):
        rule = "must be a rate of 0, or from 1e-9 to 1e9; write transactions a second"
        raise ValueError(rule)
    return Rate(of_capacity=value) if shared else Rate(per_s=value)


def render_rate(rate: Rate) -> float | int | str:
    """Return the YAML value that parses back to ``rate``."""
    if rate.per_s is not None:
        return _plain(rate.per_s)
    return f"{_plain(rate.of_capacity or 0.0)}x capacity"


def parse_size(text: str) -> int:
    """Return bytes.

    Raises:
        ValueError: the text is not a number with a unit of bytes.

    Example:
        >>> parse_size("500MB"), parse_size("64KiB")
        (500000000, 65536)
    """
    found = _QUANTITY.fullmatch(text)
    number, unit = found.groups() if found else ("", "")
    if found is None or unit not in BYTES_PER:
        hint = f'"{number}MB?"' if found and not unit else f"write a number and one of {', '.join(BYTES_PER)}"
        rule = f"must be a size with a unit; {hint}"
        raise ValueError(rule)
    size = float(number.replace("_", "")) * BYTES_PER[unit]
    if not 0 <= size <= 2**50:
        rule = "must be a size from 0 to 1 PiB; write a smaller one"
        raise ValueError(rule)
    return round(size)


def render_size(size: int) -> str:
    """Return the shortest text with a whole number that parses back to ``size`` bytes."""
    units = sorted(BYTES_PER, key=lambda unit: -BYTES_PER[unit])
    unit = next(unit for unit in units if size % BYTES_PER[unit] == 0 and (size or unit == "B"))
    return f"{size // BYTES_PER[unit]}{unit}"


def parse_speed(text: str) -> float:
    """Return event seconds for each second of the run; infinity for "max".

    Raises:
        ValueError: it is neither a positive number nor max.
    """
    if text.strip() == "max":
        return math.inf
    return _factor(text, "must be a number from 1e-6 to 1e9, or max; write 1 for real time")


def parse_world_speed(text: str) -> float:
    """Return event seconds for each second of a run whose transactions are made, and arrive at rates of their own.

    Raises:
        ValueError: it is not a number of at least 1e-6.
    """
    if text.strip() == "max":
        rule = "must be a number, since phases say when transactions arrive; leave it out, or write 1 for real time"
        raise ValueError(rule)
    return _factor(text, "must be a number from 1e-6 to 100000; leave it out, or write 1 for real time")


def _factor(text: str, rule: str) -> float:
    value = float(text.replace("_", "")) if re.fullmatch(_NUMBER, text.strip()) else math.nan
    if not MIN_FACTOR <= value <= MAX_FACTOR:
        raise ValueError(rule)
    return value


def render_speed(speed: float) -> float | int | str:
    """Return the YAML value that parses back to ``speed``."""
    return "max" if math.isinf(speed) else _plain(speed)


def parse_moment(text: str) -> dt.datetime:
    """Return a date, or a date and time, as written; without an offset it is local to the events' time zone.

    Raises:
        ValueError: it is not an ISO 8601 date.
    """
    try:
        moment = dt.datetime.fromisoformat(text.strip())
        moment.utctimetuple()  # refuses an offset that leaves the calendar
    except (ValueError, OverflowError):
        rule = "must be a date; write 2018-07-25 or 2018-07-25T06:00:00"
        raise ValueError(rule) from None
    return moment


def render_moment(moment: dt.datetime) -> str:
    """Return the ISO 8601 text that parses back to ``moment``."""
    midnight = moment.time() == dt.time() and moment.tzinfo is None
    return moment.date().isoformat() if midnight else moment.isoformat()


def moment_us(moment: dt.datetime, timezone: str) -> int:
    """Return microseconds since the Unix epoch; ``timezone`` is used where ``moment`` has no offset."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
    return (aware - _EPOCH) // _US


def end_us(moment: dt.datetime, timezone: str) -> int:
    """Return the exclusive end of a span that ends with ``moment``: a date alone includes its whole day."""
    whole_day = moment.time() == dt.time() and moment.tzinfo is None
    return moment_us(moment + dt.timedelta(days=1) if whole_day else moment, timezone)


def _plain(number: float) -> float | int:
    return int(number) if float(number).is_integer() and abs(number) < 1e15 else number  # noqa: PLR2004 (exact)
