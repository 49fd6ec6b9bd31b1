"""Between which two numbers a figure lies: most often the same number twice.

A percentile beyond a histogram's range is known to be at least that, and a metric that is a share to be from 0 to 1
before anything was measured. Arithmetic on bounds keeps what is certain, and a comparison that they cannot settle has
no answer.

Example:
    >>> hour, half = Bounds(3_600.0, inf), exactly(1_800.0)
    >>> compare(">", hour, half), compare("<", hour, exactly(7_200.0))
    (True, None)
    >>> combine("*", exactly(2.0), hour)
    Bounds(low=7200.0, high=inf)
"""

import operator
from collections.abc import Callable, Iterable
from math import inf, isnan
from typing import NamedTuple

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class Bounds(NamedTuple):
    """The least and the most that a figure can be; both may be it."""

    low: float
    high: float

    @property
    def open(self) -> bool:
        """Whether nothing says how large it is at most."""
        return self.high == inf and self.low != inf

    @property
    def exact(self) -> bool:
        """Whether it is known to the digit."""
        return self.low == self.high


def exactly(value: float) -> Bounds:
    """Return the bounds of a figure that is known."""
    return Bounds(value, value)


def combine(sign: str, left: Bounds, right: Bounds) -> Bounds | None:
    """Return the bounds of ``left sign right``; None for a division by 0, and where infinities leave nothing."""
    if sign == "/" and right.low <= 0 <= right.high:
        return None if right.exact else Bounds(-inf, inf)
    with_what = {"-": ((0, 1), (1, 0)), "+": ((0, 0), (1, 1))}.get(sign, ((0, 0), (0, 1), (1, 0), (1, 1)))
    act = _ARITHMETIC[sign]
    ends = [end for at, other in with_what if not isnan(end := act(left[at], right[other]))]
    return Bounds(min(ends), max(ends)) if ends else None


def extreme(name: str, parts: Iterable[Bounds]) -> Bounds:
    """Return the bounds of the ``max`` or ``min`` of ``parts``."""
    lows, highs = zip(*parts, strict=True)
    return Bounds(max(lows), max(highs)) if name == "max" else Bounds(min(lows), min(highs))


def compare(sign: str, left: Bounds, right: Bounds) -> bool | None:
    """Return whether ``left sign right``, None where it could be either."""
    if sign in (">", ">="):
        return compare({">": "<", ">=": "<="}[sign], right, left)
    if sign == "<":
        return True if left.high < right.low else False if left.low >= right.high else None
    if sign == "<=":
        return True if left.high <= right.low else False if left.low > right.high else None
    apart = left.high < right.low or right.high < left.low
    equal = False if apart else True if left.exact and right.exact else None
    return equal if equal is None or sign == "==" else not equal
