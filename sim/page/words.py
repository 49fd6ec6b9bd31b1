"""Figures as a page says them."""

import math
from typing import Final

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
        return "–"
    if value < MS_PER_S:
        return f"{value:.3g} ms"
    return f"{value / MS_PER_S:,.0f} s" if value >= FULL_MS else f"{value / MS_PER_S:.3g} s"


def percent(value: float) -> str:
    """Return a value in per cent."""
    return "–" if math.isnan(value) else f"{value:.3g} %"


def rate(value: float) -> str:
    """Return a rate."""
    return "–" if math.isnan(value) else f"{value:,.0f}/s" if value >= FULL or not value else f"{value:.2g}/s"


def count(value: float) -> str:
    """Return a number of something."""
    return "–" if math.isnan(value) else f"{value:,.0f}"


def amount(value: float) -> str:
    """Return an amount of money."""
    return "–" if math.isnan(value) else f"{value:,.0f}"


def plain(value: float) -> str:
    """Return a number without a unit."""
    return "–" if math.isnan(value) else f"{value:.3g}"


def some(value: float | None) -> float:
    """Return ``value``, NaN for None."""
    return math.nan if value is None else value
