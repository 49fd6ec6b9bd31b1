"""The parts of an expression: numbers with a dimension, and conditions over them.

``str`` of a part is an expression that parses to an equal part. A number is evaluated to its bounds, which are one
number twice unless a percentile is beyond its histogram. A part without samples is None, and so is a comparison that
bounds do not settle, in Kleene's three-valued logic: ``false and None`` is false, ``true and None`` is None.

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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import inf, isnan
from typing import NamedTuple

from actors.telemetry.histogram_counts import HIGHEST_US
from actors.telemetry.metrics.metric import Dimension, Metric, Unit, in_dimension, quantity

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


Resolve = Callable[[str | None, str], float | None]
"""Return the metric's figure, in its own unit, in a scope (None: the span being judged); None without samples."""

COMPARE = ("<=", ">=", "==", "!=", "<", ">")
OR_MORE = "1 h or more"  # how a percentile beyond its histogram is told


@dataclass(frozen=True, slots=True)
class Literal:
    """A number with its suffix, such as ``50ms``. ``value`` is in the dimension's own unit."""

    value: float
    dimension: Dimension
    text: str
    column: int = field(compare=False)

    def evaluate(self, _resolve: Resolve) -> Bounds | None:
        """Return the number."""
        return exactly(self.value)

    def reads(self) -> Iterator["Read"]:
        """Yield nothing: a literal reads no metric."""
        yield from ()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Read:
    """A metric, in the span being judged or in another one, such as ``baseline.latency.p99``."""

    scope: str | None
    metric: Metric
    column: int = field(compare=False)

    @property
    def dimension(self) -> Dimension:
        """The metric's."""
        return self.metric.unit.dimension

    def evaluate(self, resolve: Resolve) -> Bounds | None:
        """Return the metric's figure in the dimension's own unit."""
        value = resolve(self.scope, self.metric.name)
        if value is None:
            return None
        own = value * self.metric.unit.factor
        return Bounds(own, inf) if is_lower_bound(self.metric, value) else exactly(own)

    def reads(self) -> Iterator["Read"]:
        """Yield itself."""
        yield self

    def __str__(self) -> str:
        return self.metric.name if self.scope is None else f"{self.scope}.{self.metric.name}"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers joined by ``+ - * /``. A division by 0 has no samples."""

    sign: str
    left: "Number"
    right: "Number"
    dimension: Dimension
    column: int = field(compare=False)

    def evaluate(self, resolve: Resolve) -> Bounds | None:
        """Return the result, or None when either side is."""
        left, right = self.left.evaluate(resolve), self.right.evaluate(resolve)
        return None if left is None or right is None else combine(self.sign, left, right)

    def reads(self) -> Iterator[Read]:
        """Yield the metrics of both sides."""
        yield from self.left.reads()
        yield from self.right.reads()

    def __str__(self) -> str:
        return f"({self.left} {self.sign} {self.right})"


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest or smallest of several numbers: ``max(a, b)``."""

    name: str
    parts: tuple["Number", ...]
    column: int = field(compare=False)

    @property
    def dimension(self) -> Dimension:
        """That of all its parts."""
        return next((part.dimension for part in self.parts if not is_bare_zero(part)), Dimension.NUMBER)

    def evaluate(self, resolve: Resolve) -> Bounds | None:
        """Return the extreme, or None when any part is."""
        values = [part.evaluate(resolve) for part in self.parts]
        known = [value for value in values if value is not None]
        return None if len(known) < len(values) else extreme(self.name, known)

    def reads(self) -> Iterator[Read]:
        """Yield the metrics of all parts."""
        for part in self.parts:
            yield from part.reads()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.parts))})"


Number = Literal | Read | Arithmetic | Extreme


def is_bare_zero(number: Number) -> bool:
    """Return whether it is a 0 without a suffix, which is the same in every dimension."""
    return isinstance(number, Literal) and number.value == 0 and number.dimension is Dimension.NUMBER


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition on two numbers of one dimension."""

    sign: str
    left: Number
    right: Number
    column: int = field(compare=False)

    def evaluate(self, resolve: Resolve) -> bool | None:
        """Return whether it holds, or None when either side has no samples or their bounds leave it open."""
        left, right = self.left.evaluate(resolve), self.right.evaluate(resolve)
        return None if left is None or right is None else compare(self.sign, left, right)

    def reads(self) -> Iterator[Read]:
        """Yield the metrics of both sides."""
        yield from self.left.reads()
        yield from self.right.reads()

    def explain(self, resolve: Resolve) -> str:
        """Return the figures seen and what was wanted of them."""
        percent = any("%" in str(side) for side in (self.left, self.right))
        left, right = (_figure(side, resolve, percent=percent) for side in (self.left, self.right))
        return f"{left}, wanted {self.sign} {right}"

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


def _figure(number: Number, resolve: Resolve, *, percent: bool) -> str:
    """Return the number as written and what it came to; for a computed one also what it was computed from."""
    if isinstance(number, Literal):
        return str(number)
    if isinstance(number, Read):
        return f"{number} = {_reading(number, resolve, percent=percent)}"
    parts = {str(read): _reading(read, resolve, percent=percent) for read in number.reads()}
    came_from = ", ".join(f"{name} = {figure}" for name, figure in parts.items())
    value = number.evaluate(resolve)
    figure = in_dimension(None if value is None else value.low, number.dimension)
    return f"{number} = {figure}{' or more' if value is not None and value.open else ''} ({came_from})"


def _reading(read: Read, resolve: Resolve, *, percent: bool) -> str:
    value = resolve(read.scope, read.metric.name)
    if read.metric.unit is Unit.RATIO and not percent:  # compared with a plain number, it is shown as one
        return in_dimension(value, read.dimension)
    return shown(read.metric, value)


def is_lower_bound(metric: Metric, value: float) -> bool:
    """Return whether ``metric`` is a percentile and ``value`` beyond what its histogram tells apart."""
    return metric.percent is not None and value > HIGHEST_US


def shown(metric: Metric, value: float | None) -> str:
    """Return a figure of ``metric`` as a reader wants it."""
    return OR_MORE if value is not None and is_lower_bound(metric, value) else quantity(value, metric.unit)


@dataclass(frozen=True, slots=True)
class Logic:
    """Conditions joined by ``and`` or by ``or``."""

    word: str
    parts: tuple["Condition", ...]
    column: int = field(compare=False)

    def evaluate(self, resolve: Resolve) -> bool | None:
        """Return Kleene's conjunction or disjunction of the parts."""
        decisive = self.word == "or"  # one such part settles it, whatever the others are
        held = [part.evaluate(resolve) for part in self.parts]
        if decisive in held:
            return decisive
        return None if None in held else not decisive

    def reads(self) -> Iterator[Read]:
        """Yield the metrics of all parts."""
        for part in self.parts:
            yield from part.reads()

    def explain(self, resolve: Resolve) -> str:
        """Return the explanation of each part."""
        return f" {self.word} ".join(part.explain(resolve) for part in self.parts)

    def __str__(self) -> str:
        return f"({f' {self.word} '.join(map(str, self.parts))})"


Condition = Comparison | Logic
