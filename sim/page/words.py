"""Figures as a page says them."""

import math
from typing import Final

from sim.outcomes.money import dollars

NOTHING: Final = "–"  # where there is no figure
SHORT_S: Final = 100.0  # up to there fractions of a second are told
LONG_S: Final = 600.0  # from there on time is told in hours and minutes
MS_PER_S: Final = 1_000.0
FULL_MS: Final = 100_000.0  # from there on whole seconds say enough
FULL: Final = 10.0  # from there on a rate has no decimals


def millis(value: float) -> str:
    """Return a time in ms for a reader.

    Example:
        >>> millis(0.1532), millis(63.14), millis(2_510.0), millis(float("nan"))
        ('0.153 ms', '63.1 ms', '2.51 s', '–')
    """
    if math.isnan(value):
        return NOTHING
    if value < MS_PER_S:
        return f"{value:.3g} ms"
    return f"{value / MS_PER_S:,.0f} s" if value >= FULL_MS else f"{value / MS_PER_S:.3g} s"


def percent(value: float) -> str:
    """Return a value in per cent."""
    return NOTHING if math.isnan(value) else f"{value:.3g} %"


def rate(value: float) -> str:
    """Return a rate."""
    return NOTHING if math.isnan(value) else f"{value:,.0f}/s" if value >= FULL or not value else f"{value:.2g}/s"


def count(value: float) -> str:
    """Return a number of something."""
    return NOTHING if math.isnan(value) else f"{value:,.0f}"


def amount(value: float) -> str:
    """Return an amount of money."""
    return NOTHING if math.isnan(value) else dollars(value, cents=False)


def plain(value: float) -> str:
    """Return a number without a unit."""
    return NOTHING if math.isnan(value) else f"{value:.3g}"


def some(value: float | None) -> float:
    """Return ``value``, NaN for None."""
    return math.nan if value is None else value


def when(at_s: float) -> str:
    """Return an instant of a run for a reader.

    Example:
        >>> when(20.0001), when(0.05005), when(4_201)
        ('20 s', '0.05 s', '1:10:01')
    """
    if at_s < LONG_S:
        return f"{round(at_s, 2):.4g} s" if at_s < SHORT_S else f"{at_s:.1f} s"
    minutes, seconds = divmod(round(at_s), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
