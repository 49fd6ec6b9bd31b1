"""One row's values as a field, read without a table where no rule has anything to say of them.

Rules for tables of thousands of rows cost milliseconds for a single one, which is read here in a hundredth of that.
What is read here is what the converters of the same fields would make of it, by their patterns and limits; whatever
else a value may be, right or wrong, is left to them.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from actors.core.clock import NS_PER, NS_PER_US, US_PER_S
from actors.core.transaction import EARLIEST_US, LATEST_US, MAX_AMOUNT, MAX_NAME
from sim.replay.amounts import TWO_WAYS, AmountField
from sim.replay.converters import LIMITS
from sim.replay.instants import CENTURY_FROM, NUMBER, OFFSET_PARTS, YEAR_FIRST, utc_offset_us
from sim.replay.keys import EXPONENT, NOTHING, POINT_ZERO
from sim.scenario.events import AmountColumn, DegreesColumn, FieldColumn, KeyColumn, TextColumn, TimeColumn
from sim.time_formats import MONTHS, pattern
from sim.units import moment_us

Texts: TypeAlias = Sequence[str | None]
PlainReader: TypeAlias = Callable[[Texts], object]
"""Returns the field of a row, given what it has in each column of the field; `IN_DOUBT` where rules have to say."""

IN_DOUBT: Final = object()
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(?:[.][0-9]{1,15})?")
_LOST_DIGITS: Final = re.compile(f"{EXPONENT}|{POINT_ZERO}")
_SEPARATORS: Final = re.compile(r"[\x00-\x1f]")  # some are blanks to one library and none to the other
_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - on a clock of any zone
_US: Final = dt.timedelta(microseconds=1)


def plain_reader(field: str, column: FieldColumn, timezone: str) -> PlainReader:
    """Return what reads plain values of ``field``, each row alone; the column's patterns are compiled here, once."""
    read: PlainReader = lambda _: IN_DOUBT  # noqa: E731 - what no case below knows
    match column:
        case TimeColumn(unit=str(unit)):
            since_us = 0 if column.since is None else moment_us(column.since, timezone)
            read = partial(_count, number=re.compile(NUMBER), unit=unit, since_us=since_us)
        case TimeColumn():
            patterns = YEAR_FIRST if column.format is None else (pattern(column.format),)
            read = partial(_moment, patterns=[re.compile(each) for each in patterns], timezone=timezone)
        case AmountColumn():
            rules = AmountField(field, column, alone=True)
            read = partial(_amount, rules=rules, number=re.compile(rules.pattern()))
        case KeyColumn():
            read = partial(_key, column=column, nothing=_nothing(column.missing))
        case TextColumn():
            read = partial(_text, strip=column.strip, nothing=_nothing(column.missing))
        case DegreesColumn():
            read = partial(_degrees, limit=LIMITS[field], nothing=_nothing(column.missing))
    return read


# ---------------------------------------------------------------------- keys and texts


def _nothing(missing: Sequence[str] | None) -> frozenset[str]:
    """Return the words that stand for no value, or may do so; in small letters."""
    return NOTHING if missing is None else frozenset(word.lower() for word in missing)


def _key(texts: Texts, column: KeyColumn, nothing: frozenset[str]) -> object:
    """See `sim.replay.keys.KeyField`."""
    parts = [None if text is None else text.strip(column.strip) if column.strip else text for text in texts]
    known = [part for part in parts if part is not None]
    if not known or (len(known) < len(parts) and column.absent == "refuse"):
        return IN_DOUBT
    if not all(map(_is_plain, known)) or any(map(_LOST_DIGITS.search, known)):
        return IN_DOUBT
    if not nothing.isdisjoint(part.lower() for part in known):
        return IN_DOUBT
    if len(parts) == 1:
        key = known[0]
    else:
        key = "|".join("" if part is None else part.replace("\\", r"\\").replace("|", r"\|") for part in parts)
    return key if len(key) <= MAX_NAME else IN_DOUBT


def _text(texts: Texts, strip: str, nothing: frozenset[str]) -> object:
    """See `sim.replay.keys.TextField`."""
    (text,) = texts
    if text is None:
        return None
    trimmed = text.strip(strip) if strip else text
    if trimmed.lower() in nothing:
        return IN_DOUBT
    return trimmed if _is_plain(trimmed) and len(trimmed) <= MAX_NAME else IN_DOUBT


def _is_plain(text: str) -> bool:
    """Return whether ``text`` has characters, all of which are seen, and no blank at an end."""
    return bool(text) and text.isprintable() and text[0] != " " != text[-1]


# ---------------------------------------------------------------------- numbers


def _degrees(texts: Texts, limit: float, nothing: frozenset[str]) -> object:
    """See `sim.replay.converters.DegreesField`."""
    (text,) = texts
    if text is None:
        return None
    if _DEGREES.fullmatch(text) is None or text in nothing:
        return IN_DOUBT
    degrees = float(text)
    return degrees if -limit <= degrees <= limit else IN_DOUBT


def _amount(texts: Texts, rules: AmountField, number: re.Pattern[str]) -> object:
    """See `sim.replay.amounts.AmountField`."""
    (text,) = texts
    if text is None or _SEPARATORS.search(text):
        return IN_DOUBT
    found = number.search(text)
    if found is None or found["digits"] is None or found["sign"] not in {"", "+"}:
        return IN_DOUBT
    digits = found["digits"]
    for mark in rules.thousands:
        digits = digits.replace(mark, "")
    column = rules.column
    if column.decimal is None and column.thousands is None and re.search(TWO_WAYS, digits):
        return IN_DOUBT
    amount = float(digits.replace(",", "."))
    if column.unit == "cents":
        amount /= 100
    return amount if amount <= MAX_AMOUNT else IN_DOUBT


# ---------------------------------------------------------------------- times


def _joined(texts: Texts) -> str | None:
    """Return the parts of a time as one text; None where one is absent, or has what one of the libraries reads over."""
    parts = [text for text in texts if text is not None and text.isascii() and text.isprintable()]
    return " ".join(part.strip() for part in parts) if len(parts) == len(texts) else None


def _count(texts: Texts, number: re.Pattern[str], unit: str, since_us: int) -> object:
    """See `sim.replay.instants.Counts`."""
    text = _joined(texts)
    found = None if text is None else number.search(text.strip())
    if found is None or found[1] == "-":
        return IN_DOUBT
    if unit == "ns":
        return _within(int(found[2]) // NS_PER_US + since_us)
    per = NS_PER[unit] // NS_PER_US
    rest = round(float(f"0.{found[3]}") * per) if found[3] else 0
    return _within(int(found[2]) * per + rest + since_us)


def _moment(texts: Texts, patterns: Sequence[re.Pattern[str]], timezone: str) -> object:
    """See `sim.replay.instants.InstantReader`, and `Instants` there of the clock in ``timezone``."""
    text = _joined(texts)
    found = None if text is None else next(filter(None, (each.search(text.strip()) for each in patterns)), None)
    if found is None:
        return IN_DOUBT
    part = {name: value for name, value in found.groupdict().items() if value is not None}
    try:
        local_us = (_clock(part) - _EPOCH) // _US
        ahead_us = _ahead_us(part["z"]) if "z" in part else _zone_ahead_us(local_us, timezone)
    except (ValueError, OverflowError):  # no such day, no such time of day, or one that comes twice
        return IN_DOUBT
    return _within(local_us - ahead_us)


def _clock(part: Mapping[str, str]) -> dt.datetime:
    """Return what a clock said.

    Raises:
        ValueError: no clock says so.
        OverflowError: it is too far.
    """
    get = part.get
    century = 0 if "Y" in part else 2000 if int(part["y"]) < CENTURY_FROM else 1900
    year = century + int(get("Y") or part["y"])
    month = MONTHS.index(part["b"].lower()[:3]) + 1 if "b" in part else int(get("m", "1"))
    day = dt.datetime(year, month, int(get("d", "1")))  # noqa: DTZ001 - on a clock of any zone
    if "j" in part:
        day = dt.datetime(year, 1, 1) + dt.timedelta(days=int(part["j"]) - 1)  # noqa: DTZ001 - as above
        if day.year != year:
            raise ValueError("no such day of the year")
    hour = _hour(int(part["I"]), part["p"]) if "I" in part else int(get("H", "0"))
    fraction = get("f", "0").ljust(6, "0")[:6]
    return day.replace(hour=hour, minute=int(get("M", "0")), second=int(get("S", "0")), microsecond=int(fraction))


def _hour(twelve: int, half: str) -> int:
    """Return the hour of the day.

    Raises:
        ValueError: no clock of twelve hours says so.
    """
    if not 1 <= twelve <= 12:  # noqa: PLR2004 - its hours
        raise ValueError("no such hour")
    return twelve % 12 + (12 if half[0] in "pP" else 0)


def _ahead_us(text: str) -> int:
    """Return how far a clock is ahead of UTC by its offset.

    Raises:
        ValueError: no clock is so far.
    """
    parts = re.search(OFFSET_PARTS, text)
    if parts is None:
        return 0
    hours, minutes = int(parts[2]), int(parts[3] or 0)
    if hours > 18 or minutes > 59:  # noqa: PLR2004 - as ISO 8601
        raise ValueError("no such offset")
    return (-1 if parts[1] == "-" else 1) * (hours * 60 + minutes) * 60 * US_PER_S


def _zone_ahead_us(local_us: int, timezone: str) -> int:
    """Return how far clocks in ``timezone`` are ahead of UTC when they say ``local_us``.

    Raises:
        ValueError: they say so twice, or never.
        OverflowError: it is too far.
    """
    if timezone == "UTC":
        return 0
    zone = ZoneInfo(timezone)
    before_us, after_us = (utc_offset_us(local_us, zone, fold) for fold in (0, 1))
    if before_us != after_us:
        raise ValueError("no single time")
    return before_us


def _within(event_us: int) -> object:
    """Return an instant of the years that transactions may be of."""
    return event_us if EARLIEST_US <= event_us <= LATEST_US else IN_DOUBT
