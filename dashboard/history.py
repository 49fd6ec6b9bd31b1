"""A series over a whole run that stays bounded: when it is full, its steps double.

Example:
    >>> history = History(step_s=1.0, limit=4)
    >>> for second in range(6):
    ...     history.add(second, float(second))
    >>> history.series()
    Series(start_s=0.0, step_s=2.0, values=(0.5, 2.5, 4.5))
"""

import math
from typing import Final, Literal

from dashboard.frame import Series

POINTS: Final = 240  # 60 s at four a second; more than a screen has columns


class History:
    """Values by time, at most ``limit`` steps; several in one step are averaged, or the largest is kept.

    Args:
        step_s: length of a step until the limit is reached, > 0.
        limit: most steps kept, even and >= 2.
        keep: "mean" for rates, "max" for latency, where a spike must stay visible.
    """

    def __init__(self, step_s: float = 0.25, limit: int = POINTS, keep: Literal["mean", "max"] = "mean") -> None:
        self._step_s = step_s
        self._limit = limit
        self._keep = keep
        self._sums: list[float] = []  # of a step's values, or their largest
        self._counts: list[int] = []

    def add(self, at_s: float, value: float | None) -> None:
        """Add a value seen ``at_s`` after the start; None and what is not finite leave a gap."""
        if value is None or not math.isfinite(value) or at_s < 0:
            return
        while at_s >= self._limit * self._step_s:
            self._double()
        index = int(at_s / self._step_s)
        missing = index + 1 - len(self._counts)
        self._sums.extend([0.0] * missing)
        self._counts.extend([0] * missing)
        self._sums[index] = self._join(self._sums[index], self._counts[index], value)
        self._counts[index] += 1

    def series(self) -> Series:
        """Return what is kept, as a frozen value."""
        return Series(0.0, self._step_s, tuple(self._value(index) for index in range(len(self._counts))))

    def _value(self, index: int) -> float | None:
        count = self._counts[index]
        if count == 0:
            return None
        return self._sums[index] if self._keep == "max" else self._sums[index] / count

    def _join(self, total: float, count: int, value: float) -> float:
        if self._keep == "mean":
            return total + value
        return max(total, value) if count else value

    def _double(self) -> None:
        """Join steps two by two."""
        self._step_s *= 2
        if len(self._counts) % 2:
            self._sums.append(0.0)
            self._counts.append(0)
        pairs = range(0, len(self._counts), 2)
        sums = [
            self._join(self._sums[at], self._counts[at], self._sums[at + 1]) if self._counts[at + 1] else self._sums[at]
            for at in pairs
        ]
        self._counts = [self._counts[at] + self._counts[at + 1] for at in pairs]
        self._sums = sums
