"""Numbers for people: three significant digits, a unit, and a width that does not jump.

No text is wider than `WIDTH` cells, whatever the number; what is absent or not finite is a dash. What a text says is
right within the digits that it shows: what is not 0 never reads as 0, and a share that is not all never as 100 %.

Example:
    >>> span_us(812), span_us(1_234), span_us(81_200), span_us(2_500_000), span_us(90_000_000)
    ('812 µs', '1.23 ms', '81.2 ms', '2.50 s', '90.0 s')
    >>> rate(812.4), rate(8_012), rate(12_345), rate(2_500_000)
    ('812 /s', '8,012 /s', '12.3 k/s', '2.50 M/s')
    >>> rate(0.35), rate(2), rate(0.0004), rate(0)
    ('0.35 /s', '2.00 /s', '<0.01 /s', '0 /s')
    >>> percent(1), percent(0.971), percent(0.0004), percent(0.00001), percent(0), percent(None)
    ('100 %', '97.1 %', '0.04 %', '<0.01 %', '0 %', '–')
    >>> percent(0.99996), percent(1.004)
    ('>99.9 %', '>100 %')
    >>> money(1_234.4), money(-56_789), money(0), money(0.5), money(0.004)
    ('$1,234', '−$56.8 k', '$0', '$0.50', '<$0.01')
    >>> size(312_000_000), size(1_500_000_000), size(400)
    ('312 MB', '1.50 GB', '<1 MB')
    >>> clock(92), clock(3_723)
    ('1:32', '1:02:03')
    >>> age(3.4), age(360), age(6.25 * 3600), age(4 * 86_400), age(0.2)
    ('3 s', '6 min', '6.2 h', '4.0 d', '<1 s')
"""

import math
from collections.abc import Callable
from typing import Final, TypeGuard

from actors.telemetry.histogram_counts import HIGHEST_US

WIDTH: Final = 9  # "12.3 kT/s" never happens; "−$56.8 k" and "99,999 h" do
ABSENT: Final = "–"
Format = Callable[[float | None], str]

_SMALL = 9.995  # a rate or an amount below it is written with decimals
_EXACT = 9_999.5  # a count below it is written in full
_STEPS: Final = ((1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T"))
_MINUTE_S = 60
_HOUR_S = 3_600
_DAY_S = 86_400
_STOPWATCH_S = 100 * _HOUR_S  # a stop-watch with more digits is wider than a column


def span_us(value_us: float | None) -> str:
    """Return a span of time given in microseconds."""
    if not _known(value_us):
        return ABSENT
    for bound, unit_us, unit in ((999.5, 1, "µs"), (999.5e3, 1e3, "ms"), (999.5e6, 1e6, "s")):
        if abs(value_us) < bound:
            digits = _rounded(value_us) if unit_us == 1 else _digits(value_us / unit_us)
            return f"{digits} {unit}"
    return age(value_us / 1e6)


def latency_us(value_us: float | None) -> str:
    """Return a percentile in microseconds; beyond an hour no histogram knows more than that it is.

    Example:
        >>> latency_us(81_200), latency_us(3_600_000_001)
        ('81.2 ms', 'over 1 h')
    """
    return "over 1 h" if _known(value_us) and value_us > HIGHEST_US else span_us(value_us)


def latency_in_words(value_us: float | None) -> str:
    """Return a percentile in microseconds, where there is room for a sentence.

    Example:
        >>> latency_in_words(81_200), latency_in_words(3_600_000_001)
        ('81.2 ms', '1 h or more')
    """
    return "1 h or more" if _known(value_us) and value_us > HIGHEST_US else span_us(value_us)


def limit_us(value_us: float) -> str:
    """Return a limit in microseconds as it was set, without digits that say nothing.

    Example:
        >>> limit_us(50_000), limit_us(500), limit_us(12_500)
        ('50 ms', '500 µs', '12.5 ms')
    """
    digits, _, unit = span_us(value_us).partition(" ")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits} {unit}".rstrip()


def limit_percent(ratio: float) -> str:
    """Return a limit given as a ratio, without digits that say nothing.

    Example:
        >>> limit_percent(0.001), limit_percent(0.05)
        ('0.1 %', '5 %')
    """
    return f"{100 * ratio:.6g} %"


def rate(value_per_s: float | None) -> str:
    """Return a rate given in 1/s, below ten with decimals."""
    if not _known(value_per_s):
        return ABSENT
    if 0 < abs(value_per_s) < _SMALL:
        return f"{_small(value_per_s)} /s"
    digits, step = _scaled(value_per_s)
    return f"{digits} {step}/s"


def count(value: float | None) -> str:
    """Return a count: in full below ten thousand, then in thousands, millions and so on."""
    return " ".join(_scaled(value)).rstrip()


def whole(value: int) -> str:
    """Return a count in full; only for places that have room.

    Example:
        >>> whole(1_234_567)
        '1,234,567'
    """
    return f"{value:,}" if abs(value) < 10**15 else f"{value:.2e}"


def percent(ratio: float | None) -> str:
    """Return a ratio as a percentage; what is not 0 never reads as 0, what is not 1 never as 100."""
    if not _known(ratio):
        return ABSENT
    sign, value = "−" if ratio < 0 else "", 100 * abs(ratio)
    for low, high, text in (
        (0, 0.005, "<0.01 %"),
        (99.95, 100, ">99.9 %"),
        (100, 100.5, ">100 %"),
        (999.5, math.inf, ">999 %"),
    ):
        if low < value < high and ratio != 1:
            return f"{sign}{text}"
    if value == 0 or value >= 99.95:  # noqa: PLR2004  rounds to 100.0
        return f"{sign}{value:.0f} %"
    return f"{sign}{value:.2f} %" if value < 0.995 else f"{sign}{value:.1f} %"  # noqa: PLR2004  rounds to 1.0


def money(amount: float | None) -> str:
    """Return an amount of money in dollars, below ten with cents."""
    if not _known(amount):
        return ABSENT
    sign = "−" if amount < 0 else ""
    if 0 < abs(amount) < _SMALL:
        digits = _small(abs(amount))
        return f"{sign}<${digits[1:]}" if digits.startswith("<") else f"{sign}${digits}"
    digits, step = _scaled(abs(amount))
    return f"{sign}${digits} {step}".rstrip()


def size(value_bytes: float | None) -> str:
    """Return a size in decimal megabytes, gigabytes or terabytes."""
    if not _known(value_bytes):
        return ABSENT
    for bound, unit_bytes, unit in ((999.5e6, 1e6, "MB"), (999.5e9, 1e9, "GB")):
        if abs(value_bytes) < bound:
            return f"{(_rounded if unit == 'MB' else _digits)(value_bytes / unit_bytes)} {unit}"
    return f"{_digits(value_bytes / 1e12)} TB"


def clock(value_s: float | None) -> str:
    """Return a time since the start, as on a stop-watch."""
    if not _known(value_s) or value_s >= _STOPWATCH_S:
        return age(value_s)
    minutes, seconds = divmod(max(0, int(value_s)), _MINUTE_S)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def age(value_s: float | None) -> str:
    """Return how long something has lasted, in the largest unit that says it."""
    if not _known(value_s):
        return ABSENT
    for bound_s, unit_s, unit, decimals in (
        (2 * _MINUTE_S, 1, "s", 0),
        (2 * _HOUR_S, _MINUTE_S, "min", 0),
        (2 * _DAY_S, _HOUR_S, "h", 1),
        (1_000 * _DAY_S, _DAY_S, "d", 1),
    ):
        if abs(value_s) < bound_s:
            return f"{value_s / unit_s:.{decimals}f} {unit}" if decimals else f"{_rounded(value_s / unit_s)} {unit}"
    return ">999 d"


def number(value: float | None, decimals: int = 3) -> str:
    """Return a plain figure such as an AUC or a PSI.

    Example:
        >>> number(0.97312), number(None), number(1e9), number(0.0004), number(0.9996)
        ('0.973', '–', '1.00 G', '<0.001', '>0.999')
    """
    if not _known(value):
        return ABSENT
    step = 10.0**-decimals
    if 0 < value < step / 2:
        return f"<{step:.{decimals}f}"
    if 1 - step / 2 <= value < 1:  # an AUC, or a share, that is not all
        return f">{1 - step:.{decimals}f}"
    return f"{value:.{decimals}f}" if abs(value) < 100 else count(value)  # noqa: PLR2004  room for the decimals


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _rounded(value: float) -> str:
    """Return a number without decimals; what is not 0 is not shown as 0."""
    if 0 < abs(value) <= 0.5:  # noqa: PLR2004  rounds to 0
        return "<1" if value > 0 else ">−1"
    return f"{value:,.0f}".replace("-", "−")


def _small(value: float) -> str:
    """Return a number below ten, not 0, with two decimals."""
    if abs(value) < 0.005:  # noqa: PLR2004  rounds to 0.00
        return "<0.01" if value > 0 else ">−0.01"
    return f"{value:.2f}".replace("-", "−")


def _digits(value: float) -> str:
    """Return three significant digits; from 999.5 on, where a larger unit should have been taken, an exponent."""
    for bound, decimals in ((9.995, 2), (99.95, 1), (999.5, 0)):
        if abs(value) < bound:
            return f"{value:.{decimals}f}"
    return f"{value:.0e}".replace("e+", "e")


def _scaled(value: float | None) -> tuple[str, str]:
    """Return the digits and the step (k, M, G, T) they are in."""
    if not _known(value):
        return ABSENT, ""
    if abs(value) < _EXACT:
        return _rounded(value), ""
    for bound, step in _STEPS:
        if abs(value) < 999.5 * bound:
            return _digits(value / bound), step
    return _digits(value), ""
