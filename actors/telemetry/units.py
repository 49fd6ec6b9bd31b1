"""The units that metrics are read in and expressions are written in."""

from enum import Enum, StrEnum


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

    @property
    def dimension(self) -> Dimension:
        """What it measures."""
        return _DIMENSION.get(self, Dimension.NUMBER)

    @property
    def factor(self) -> float:
        """How many of the dimension's own units one of these is."""
        return _US_PER_S if self is Unit.S else 1.0


_US_PER_S = 1e6
_DIMENSION = {Unit.US: Dimension.TIME, Unit.S: Dimension.TIME, Unit.MB: Dimension.SIZE}

SUFFIXES: dict[str, tuple[Dimension, float]] = {  # what may follow a number in an expression
    "ns": (Dimension.TIME, 1e-3),
    "us": (Dimension.TIME, 1.0),
    "µs": (Dimension.TIME, 1.0),
    "ms": (Dimension.TIME, 1e3),
    "s": (Dimension.TIME, 1e6),
    "m": (Dimension.TIME, 60e6),
    "min": (Dimension.TIME, 60e6),
    "h": (Dimension.TIME, 3_600e6),
    "d": (Dimension.TIME, 86_400e6),
    "kB": (Dimension.SIZE, 1e-3),
    "KB": (Dimension.SIZE, 1e-3),
    "MB": (Dimension.SIZE, 1.0),
    "GB": (Dimension.SIZE, 1e3),
    "%": (Dimension.NUMBER, 0.01),
    "/s": (Dimension.NUMBER, 1.0),
}

EXAMPLE_SUFFIX = {Dimension.TIME: "ms", Dimension.SIZE: "MB", Dimension.NUMBER: ""}

_ALL = "100"
_SMALL = 9.995  # a rate below it is written with decimals
_FULL = 999.95
_STEPS_US = ((86_400e6 * 2, 86_400e6, "d"), (3_600e6 * 2, 3_600e6, "h"), (1e6, 1e6, "s"), (1e3, 1e3, "ms"))


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
    for least, size, name in _STEPS_US:
        if abs(value) >= least:
            return f"{_figure(value / size)} {name}"
    return f"{value:.4g} µs"
