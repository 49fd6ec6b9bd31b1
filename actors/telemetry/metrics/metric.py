"""What a metric is: a figure with a name, read from a window."""

from collections.abc import Callable
from dataclasses import dataclass

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


def counted(name: str, description: str, count: Count) -> Metric:
    """Return the metric of how often something happened in a window."""
    return Metric(name, Unit.COUNT, description, lambda window: window.count(count))


def share(name: str, description: str, part: Count, whole: Count) -> Metric:
    """Return the metric of ``part`` over ``whole``, both as they grew in a window."""
    return Metric(name, Unit.RATIO, description, lambda window: window.ratio(part, whole))


def per_second(name: str, description: str, count: Count) -> Metric:
    """Return the metric of how often something happened a second."""
    return Metric(name, Unit.PER_S, description, lambda window: window.rate(count))


def time_share(name: str, description: str, seconds: Count) -> Metric:
    """Return the metric of the share of the time that something took."""
    return Metric(name, Unit.RATIO, description, lambda window: window.rate(seconds))


def reading(name: str, unit: Unit, description: str, read: Read) -> Metric:
    """Return the metric of a reading at a window's end."""
    return Metric(name, unit, description, read, instant=True)
