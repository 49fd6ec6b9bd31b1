"""What a metric is: a figure with a name, read from a window."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from actors.telemetry.snapshot import Snapshot
from actors.telemetry.stages import Stage
from actors.telemetry.units import Unit
from actors.telemetry.window import Window

Read = Callable[[Window], float | None]
Count = Callable[[Snapshot], float]


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure with a name.

    Attributes:
        name: as expressions write it.
        unit: what ``read`` returns it in.
        description: one line for the documentation.
        read: the figure for a window; None where there was nothing to measure, which is neither good nor bad.
        percent: of a percentile, 0 to 100; None for any other figure.
        stage: whose times it is a figure of; None for any other.
        instant: a reading at the window's end, so that a promise about a span must be checked all along it.
        of_process: a figure of the process that runs the pipeline, which on a modelled machine says nothing about it.
        lasting: what it once says it says from then on, of the whole run: so the last reading judges every span.
        at_most: the largest figure there can be, in ``unit``; None: 1 for a ratio or score, else there is none. The
            smallest is 0 for every metric.
        worse: a share of what went wrong, of which a whole one is never the limit that someone means.
        also: other words for it, as other tools and our own summary have them, with blanks between them.
    """

    name: str
    unit: Unit
    description: str
    read: Read
    percent: float | None = None
    stage: Stage | None = None
    instant: bool = False
    of_process: bool = False
    lasting: bool = False
    at_most: float | None = None
    worse: bool = False
    also: str = ""

    @property
    def highest(self) -> float:
        """The largest figure there can be, in ``unit``; infinite where nothing bounds it."""
        if self.at_most is not None:
            return self.at_most
        return 1.0 if self.unit in (Unit.RATIO, Unit.SCORE) else inf

    @property
    def range(self) -> str:
        """The figures there can be, in words."""
        return f"0 to {self.highest:g}" if self.highest < inf else "0 or more"


def counted(name: str, description: str, count: Count, *, also: str = "") -> Metric:
    """Return the metric of how often something happened in a window."""
    return Metric(name, Unit.COUNT, description, lambda window: window.count(count), also=also)


def share(
    name: str,
    description: str,
    part: Count,
    whole: Count,
    *,
    at_most: float | None = None,
    worse: bool = False,
    also: str = "",
) -> Metric:
    """Return the metric of ``part`` over ``whole``, both as they grew in a window."""

    def read(window: Window) -> float | None:
        return window.ratio(part, whole)

    return Metric(name, Unit.RATIO, description, read, at_most=at_most, worse=worse, also=also)


def per_second(name: str, description: str, count: Count, *, also: str = "") -> Metric:
    """Return the metric of how often something happened a second."""
    return Metric(name, Unit.PER_S, description, lambda window: window.rate(count), also=also)


def time_share(name: str, description: str, seconds: Count, *, worse: bool = False) -> Metric:
    """Return the metric of the share of the time that something took.

    What ends in a window is counted there with all of its time, so the share can be a little over 1.
    """
    return Metric(name, Unit.RATIO, description, lambda window: window.rate(seconds), at_most=inf, worse=worse)


def reading(
    name: str, unit: Unit, description: str, read: Read, *, at_most: float | None = None, also: str = ""
) -> Metric:
    """Return the metric of a reading at a window's end."""
    return Metric(name, unit, description, read, instant=True, at_most=at_most, also=also)
