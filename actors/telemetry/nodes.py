"""The parts of an expression: numbers with a dimension, and conditions over them.

``str`` of a part is an expression that parses to an equal part. A part without samples is None, in Kleene's
three-valued logic: ``false and None`` is false, ``true and None`` is None.
"""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from actors.telemetry.metrics.metric import Metric
from actors.telemetry.units import Dimension, Unit, in_dimension, quantity

Resolve = Callable[[str | None, str], float | None]
"""Return the metric's figure, in its own unit, in a scope (None: the span being judged); None without samples."""

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Literal:
    """A number with its suffix, such as ``50ms``. ``value`` is in the dimension's own unit."""

    value: float
    dimension: Dimension
    text: str
    column: int = field(compare=False)

    def evaluate(self, _resolve: Resolve) -> float | None:
        """Return the number."""
        return self.value

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

    def evaluate(self, resolve: Resolve) -> float | None:
        """Return the metric's figure in the dimension's own unit."""
        value = resolve(self.scope, self.metric.name)
        return None if value is None else value * self.metric.unit.factor

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

    def evaluate(self, resolve: Resolve) -> float | None:
        """Return the result, or None when either side is."""
        left, right = self.left.evaluate(resolve), self.right.evaluate(resolve)
        if left is None or right is None or (self.sign == "/" and right == 0):
            return None
        return _ARITHMETIC[self.sign](left, right)

    def reads(self) -> Iterator[Read]:
        """Yield the metrics of both sides."""
        yield from self.left.reads()
        yield from self.right.reads()

    def __str__(self) -> str:
        return f"({self.left} {self.sign} {self.right})"


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


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

    def evaluate(self, resolve: Resolve) -> float | None:
        """Return the extreme, or None when any part is."""
        values = [part.evaluate(resolve) for part in self.parts]
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            return None
        return max(known) if self.name == "max" else min(known)

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
        """Return whether it holds, or None when either side has no samples."""
        left, right = self.left.evaluate(resolve), self.right.evaluate(resolve)
        return None if left is None or right is None else COMPARE[self.sign](left, right)

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
    value = number.evaluate(resolve)
    if isinstance(number, Read):
        return f"{number} = {_reading(number, value, percent=percent)}"
    parts = {str(read): _reading(read, read.evaluate(resolve), percent=percent) for read in number.reads()}
    came_from = ", ".join(f"{name} = {figure}" for name, figure in parts.items())
    return f"{number} = {in_dimension(value, number.dimension)} ({came_from})"


def _reading(read: Read, value: float | None, *, percent: bool) -> str:
    unit = read.metric.unit
    if unit is Unit.RATIO and not percent:  # compared with a plain number, it is shown as one
        return in_dimension(value, read.dimension)
    return quantity(value if value is None else value / unit.factor, unit)


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
