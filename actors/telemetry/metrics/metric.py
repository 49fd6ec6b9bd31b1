"""What a metric is: a figure with a name and a unit, read from a window."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from math import inf

from actors.core.clock import NS_PER, NS_PER_US
from actors.telemetry.metrics.series import Level, Total, level, total
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.stages import Stage
from actors.telemetry.window import Window


class Dimension(Enum):
    """What can be added and compared: two quantities of one dimension."""

    TIME = "a time"  # in µs
    SIZE = "a size"  # in MB
    NUMBER = "a number"


class Unit(StrEnum):
    """The unit a metric is read in."""

    US = "µs"
    S = "s"
    MB = "MB"
    RATIO = "ratio"
    COUNT = "count"
    PER_S = "1/s"
    AMOUNT = "amount"
    SCORE = "score"
    NATS = "nats"
    SIGMA = "σ"
    MULTIPLE = "times"

    @property
    def dimension(self) -> Dimension:
        """What it measures."""
        return _DIMENSION.get(self, Dimension.NUMBER)

    @property
    def factor(self) -> float:
        """How many of the dimension's own units one of these is."""
        return _US_PER["s"] if self is Unit.S else 1.0


BYTES_PER: dict[str, int] = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
BYTES_PER_MB = BYTES_PER["MB"]
_US_PER = {unit: ns / NS_PER_US for unit, ns in NS_PER.items()}
_DIMENSION = {Unit.US: Dimension.TIME, Unit.S: Dimension.TIME, Unit.MB: Dimension.SIZE}

SUFFIXES: dict[str, tuple[Dimension, float]] = {  # what may follow a number in an expression
    **{unit: (Dimension.TIME, us) for unit, us in _US_PER.items()},
    **{unit: (Dimension.SIZE, BYTES_PER[unit.replace("K", "k")] / BYTES_PER_MB) for unit in ("kB", "KB", "MB", "GB")},
    "%": (Dimension.NUMBER, 0.01),
    "/s": (Dimension.NUMBER, 1.0),
}

EXAMPLE_SUFFIX = {Dimension.TIME: "ms", Dimension.SIZE: "MB", Dimension.NUMBER: ""}

_ALL = "100"
_SMALL = 9.995  # a rate below it is written with decimals
_FULL = 999.95
_LARGER = ((2, "d"), (2, "h"), (1, "s"), (1, "ms"))  # a time is told in the first of which there are so many


def quantity(value: float | None, unit: Unit) -> str:
    """Return ``value``, in ``unit``, as a reader wants it.

    Example:
        >>> quantity(63_100, Unit.US), quantity(0.052, Unit.RATIO), quantity(1234.5, Unit.PER_S), quantity(None, Unit.S)
        ('63.1 ms', '5.2 %', '1,234/s', 'no samples')
        >>> quantity(0.35, Unit.PER_S), quantity(0.999996, Unit.RATIO), quantity(1, Unit.RATIO)
        ('0.35/s', '99.9996 %', '100 %')
    """
    if value is None:
        return "no samples"
    if unit is Unit.RATIO:
        return f"{_percent(value)} %"
    if unit is Unit.PER_S:
        return f"{value:,.0f}/s" if abs(value) >= _SMALL else f"{value:.3g}/s"
    if unit is Unit.AMOUNT:
        return f"{value:,.2f}"
    return in_dimension(value * unit.factor, unit.dimension)


def _percent(ratio: float) -> str:
    """Return a ratio in per cent, to four digits or as many as tell it from all."""
    texts = (f"{100 * ratio:.{digits}g}" for digits in range(4, 18))
    return next((text for text in texts if text != _ALL or ratio == 1), _ALL)


def _figure(value: float) -> str:
    """Return a number to four digits, from a thousand on in full."""
    return f"{value:,.0f}" if abs(value) >= _FULL else f"{value:.4g}"


def in_dimension(value: float | None, dimension: Dimension) -> str:
    """Return ``value``, in the dimension's own unit, as a reader wants it."""
    if value is None:
        return "no samples"
    if dimension is Dimension.SIZE:
        return f"{_figure(value)} MB"
    if dimension is Dimension.NUMBER:
        return f"{value:,.0f}" if value == int(value) else _figure(value)
    for least, unit in _LARGER:
        if abs(value) >= least * _US_PER[unit]:
            return f"{_figure(value / _US_PER[unit])} {unit}"
    return f"{value:.4g} µs"


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
        part: the count that it is the growth of, or a share of ``whole``; None where it is no figure of counts.
        whole: what it is a share of, or a mean over; None where it is neither.
        per: what that share is divided by.
        level: what other systems are told instead, where it is a reading.
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
    part: Total | None = None
    whole: Total | None = None
    per: float = 1.0
    level: Level | None = None

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
    """Return the metric of how often something happened in a window; other systems are told it under its name."""
    part = count if isinstance(count, Total) else total(name.replace(".", "_"), description, count)
    return Metric(name, Unit.COUNT, description, lambda window: window.count(part), also=also, part=part)


def share(
    name: str,
    description: str,
    part: Total,
    whole: Total,
    *,
    unit: Unit = Unit.RATIO,
    per: float = 1.0,
    at_most: float | None = None,
    worse: bool = False,
    also: str = "",
) -> Metric:
    """Return the metric of ``part`` over ``whole``, both as they grew in a window, as a multiple of ``per``."""

    def read(window: Window) -> float | None:
        ratio = window.ratio(part, whole)
        return None if ratio is None else ratio / per

    return Metric(
        name, unit, description, read, at_most=at_most, worse=worse, also=also, part=part, whole=whole, per=per
    )


def per_second(name: str, description: str, count: Total, *, also: str = "") -> Metric:
    """Return the metric of how often something happened a second."""
    return Metric(name, Unit.PER_S, description, lambda window: window.rate(count), also=also, part=count)


def time_share(name: str, description: str, seconds: Total, *, worse: bool = False) -> Metric:
    """Return the metric of the share of the time that something took.

    What ends in a window is counted there with all of its time, so the share can be a little over 1.
    """
    return Metric(
        name, Unit.RATIO, description, lambda window: window.rate(seconds), at_most=inf, worse=worse, part=seconds
    )


def reading(
    name: str,
    unit: Unit,
    description: str,
    read: Read,
    *,
    at_most: float | None = None,
    also: str = "",
    of: Level | None = None,
) -> Metric:
    """Return the metric of a reading at a window's end; ``of`` is what other systems are told, where it has labels."""
    told = of or told_as(name, unit, description, read)
    return Metric(name, unit, description, read, instant=True, at_most=at_most, also=also, level=told)


_BASE: dict[Unit, tuple[str, str, float]] = {  # how a name ends, the base unit, and how many of it one is
    Unit.RATIO: ("_ratio", "ratio", 1.0),
    Unit.S: ("_s", "seconds", 1.0),
    Unit.MB: ("_mb", "bytes", float(BYTES_PER_MB)),
}


def told_as(name: str, unit: Unit, description: str, read: Read, *, recent: bool = False) -> Level:
    """Return the series of a metric that is a reading: its name, with its base unit behind it, and its figure in that.

    Example:
        >>> told_as("feature_store.age_s", Unit.S, "age of the batch features", lambda window: None).selector
        'riskdrill_feature_store_age_seconds'
        >>> told_as("recall", Unit.RATIO, "fraud stopped", lambda window: None).selector
        'riskdrill_recall_ratio'
        >>> told_as("false_positive_rate", Unit.RATIO, "blocked by mistake", lambda window: None).selector
        'riskdrill_false_positive_ratio'
    """
    ending, base, factor = _BASE.get(unit, ("", "", 1.0))
    stem = name.replace(".", "_").removesuffix(ending)
    stem = stem.removesuffix("_rate") if unit is Unit.RATIO else stem

    def in_base(window: Window) -> float | None:
        value = read(window)
        return None if value is None else value * factor

    return level(stem, description, in_base, base, recent=recent)
