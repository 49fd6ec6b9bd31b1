"""Series on a shared time axis: sparklines, phases and faults line up column by column.

Example:
    >>> axis = TimeAxis(0.0, 8.0, width=8)
    >>> axis.column(4.0)
    4
    >>> sparkline(Series(0.0, 1.0, (1.0, 2.0, 4.0, 8.0)), axis)
    ['▁▂▄█    ']
    >>> sparkline(Series(0.0, 1.0, (1.0, 2.0, 4.0, 8.0)), axis, height=2)
    ['   █    ', '▂▄██    ']
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dashboard.bars import columns
from dashboard.frame import Frame, Series

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
