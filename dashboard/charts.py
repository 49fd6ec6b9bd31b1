"""Bars, histograms and sparklines of block characters, and the bounded series they show.

Example:
    >>> axis = TimeAxis(0.0, 8.0, width=8)
    >>> axis.column(4.0)
    4
    >>> sparkline(Series(0.0, 1.0, (1.0, 2.0, 4.0, 8.0)), axis)
    ['▁▂▄█    ']
    >>> sparkline(Series(0.0, 1.0, (1.0, 2.0, 4.0, 8.0)), axis, height=2)
    ['   █    ', '▂▄██    ']
    >>> bar(0.3, 10), bar(0, 4), bar(1.7, 4), bar(0.001, 4)
    ('███·······', '····', '████', '▏···')
    >>> columns([0, 1, 2, 4], 4, 1)
    [' ▂▄█']
    >>> columns([0, 1, 2, 4], 4, 2)
    ['   █', ' ▄██']
    >>> history = BoundedSeries(step_s=1.0, limit=4)
    >>> for second in range(6):
    ...     history.add(second, float(second))
    >>> history.series()
    Series(start_s=0.0, step_s=2.0, values=(0.5, 2.5, 4.5))
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dashboard.frame import Frame, Series

EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
LEVELS: Final = " ▁▂▃▄▅▆▇█"


def bar(ratio: float | None, width: int, empty: str = "·") -> str:
    """Return a bar of ``width`` cells, ``ratio`` of it filled; what is not 0 shows at least a sliver."""
    if width <= 0:
        return ""
    if ratio is None or not math.isfinite(ratio):
        return empty * width
    ratio = min(1.0, max(0.0, ratio))
    eighths = max(round(ratio * width * 8), 1 if ratio > 0 else 0)
    full, part = divmod(eighths, 8)
    text = "█" * full + (EIGHTHS[part] if part else "")
    return text + empty * (width - len(text))


def columns(values: Sequence[float | None], width: int, height: int, top: float | None = None) -> list[str]:
    """Return a chart of ``height`` lines, one column a value; what is not 0 shows at least one level.

    Args:
        values: one a column; None is left blank. More than ``width`` are cut, fewer are padded.
        width: cells, at least 0.
        height: lines, each of eight levels.
        top: the value of a full column; the largest value when None.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    top = top if top is not None else max(known, default=0.0)
    levels = [_level(value, top, height) for value in values[:width]]
    lines = []
    for base in range(8 * (height - 1), -1, -8):
        shapes = [LEVELS[min(8, max(0, level - base))] for level in range(8 * height + 1)]
        lines.append("".join([shapes[level] for level in levels]).ljust(width))
    return lines


def _level(value: float | None, top: float, height: int) -> int:
    if value is None or not value > 0 or top <= 0:  # not a number is not above 0
        return 0
    return 8 * height if value >= top else round(value / top * 8 * height) or 1


_LEAST_SPAN_S: Final = 1.0  # an axis shorter than this would only show noise


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The run's clock, from ``start_s`` to ``end_s``, over ``width`` columns."""

    start_s: float
    end_s: float
    width: int

    @property
    def step_s(self) -> float:
        """Seconds of one column."""
        return (self.end_s - self.start_s) / max(1, self.width)

    def column(self, at_s: float) -> int:
        """Return the column of an instant, clamped to 0 … width (width itself is the right edge)."""
        place = (at_s - self.start_s) / (self.end_s - self.start_s) * self.width + 1e-9  # 0.3 / 0.1 is below 3
        if place >= self.width:
            return self.width
        return int(place) if place > 0 else 0


def time_axis(frame: Frame, width: int) -> TimeAxis:
    """Return the axis of every series of a frame: the whole planned run, longer when it ran over."""
    elapsed_s = frame.header.elapsed_s
    planned_s = frame.header.planned_s
    return TimeAxis(0.0, max(_LEAST_SPAN_S, elapsed_s, planned_s or 0.0), width)


def peak(series: Series) -> float | None:
    """Return the largest known value, None without one."""
    return max((value for value in series.values if value is not None and math.isfinite(value)), default=None)


def resample(series: Series, axis: TimeAxis, combine: Callable[[float, float], float] = max) -> list[float | None]:
    """Return one value a column: of the steps that touch it, combined two by two; None where there are none.

    Combining by ``max`` keeps a spike visible however many steps share its column.
    """
    cells: list[float | None] = [None] * axis.width
    step_s = series.step_s if series.step_s > 0 else axis.step_s
    after = axis.column(series.start_s)
    for index, value in enumerate(series.values, 1):
        first, after = after, axis.column(series.start_s + index * step_s)
        if value is None or not math.isfinite(value):
            continue
        for column in range(first, min(max(after, first + 1), axis.width)):
            seen = cells[column]
            cells[column] = value if seen is None else combine(seen, value)
    return cells


def sparkline(series: Series, axis: TimeAxis, height: int = 1, top: float | None = None) -> list[str]:
    """Return the series as ``height`` lines of ``axis.width`` cells, scaled from 0 to ``top`` (its peak when None)."""
    return columns(resample(series, axis), axis.width, height, top)


POINTS: Final = 240  # 60 s at four a second; more than a screen has columns


class BoundedSeries:
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
