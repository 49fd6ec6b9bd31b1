"""A condition over metrics, as scenarios and alert rules write it: parsed and checked once, evaluated often."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from actors.telemetry.expression.grammar import ExpressionError, NoSuchMetricError, parse
from actors.telemetry.expression.nodes import Condition, Read, Resolve, shown
from actors.telemetry.expression.trivial_conditions import check
from actors.telemetry.metrics.catalogue import METRICS, PSI, did_you_mean, find, suggestion
from actors.telemetry.metrics.metric import Metric


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure that an evaluation saw.

    Attributes:
        name: of the metric, with its scope if it has one.
        metric: what was read.
        value: in the metric's unit; None without samples.
    """

    name: str
    metric: Metric
    value: float | None

    def __str__(self) -> str:
        """Return name and figure for a reader."""
        return f"{self.name} = {shown(self.metric, self.value)}"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        holds: whether the condition holds; None when that hangs on a metric without samples, or on one of which only a
            lower bound is known.
        readings: the figures seen, in the order of the expression, each once.
        text: figures and wish, such as ``latency.p95 = 63.1 ms, wanted < 50ms``.
    """

    holds: bool | None
    readings: tuple[Reading, ...]
    text: str

    @property
    def seen(self) -> str:
        """The figures alone: ``latency.p95 = 63.1 ms``."""
        return ", ".join(map(str, self.readings))


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked condition.

    Example:
        >>> expression = Expression.parse("latency.p95 < 50ms")
        >>> expression.evaluate(lambda scope, metric: 63_100).text
        'latency.p95 = 63.1 ms, wanted < 50ms'
    """

    text: str
    condition: Condition

    @classmethod
    def parse(cls, text: str, scopes: Collection[str] | None = (), features: Collection[str] | None = None) -> Self:
        """Return the condition in ``text``.

        Args:
            text: such as ``latency.p99 < max(2 * baseline.latency.p99, 10ms)``.
            scopes: spans that a metric may be read in; None allows any name, to be checked later by `scopes`.
            features: features whose ``psi.<feature>`` exists; None allows any.

        Raises:
            ExpressionError: a rule is broken; it has the column.
        """

        def find_read(name: str, column: int) -> Read:
            return _find_read(name, column, scopes, features)

        condition = parse(text, find_read)
        if next(condition.reads(), None) is None:
            raise ExpressionError("it reads no metric; compare one, as in latency.p95 < 50ms", 1)
        check(condition)
        return cls(text, condition)

    def metrics(self) -> list[str]:
        """Return the metrics it reads, without scopes, in order, each once."""
        return list(dict.fromkeys(read.metric.name for read in self.condition.reads()))

    def scopes(self) -> dict[str, int]:
        """Return the scopes it reads in, each with the column where it first stands."""
        found: dict[str, int] = {}
        for read in self.condition.reads():
            if read.scope is not None:
                found.setdefault(read.scope, read.column)
        return found

    @property
    def instant(self) -> bool:
        """Whether it rests on readings of an instant only, so that a span must be checked all along it."""
        return all(read.metric.instant for read in self.condition.reads())

    @property
    def of_process(self) -> bool:
        """Whether it rests on figures of the process, which a modelled machine does not have."""
        return any(read.metric.of_process for read in self.condition.reads())

    @property
    def lasting(self) -> bool:
        """Whether it rests on a figure that judges the whole run by its last reading, whatever the span."""
        return any(read.metric.lasting for read in self.condition.reads())

    def evaluate(self, resolve: Resolve) -> Evaluation:
        """Return whether it holds, with the figures seen.

        Args:
            resolve: gives the figure of a metric, in its own unit, in a scope (None: the span being judged).
        """
        seen: dict[tuple[str | None, str], float | None] = {}

        def resolve_once(scope: str | None, metric: str) -> float | None:
            if (scope, metric) not in seen:
                seen[scope, metric] = resolve(scope, metric)
            return seen[scope, metric]

        holds = self.condition.evaluate(resolve_once)
        reads = {str(read): read for read in self.condition.reads()}
        readings = tuple(
            Reading(name, read.metric, resolve_once(read.scope, read.metric.name)) for name, read in reads.items()
        )
        return Evaluation(holds, readings, self.condition.explain(resolve_once))

    def holds(self, resolve: Resolve) -> bool | None:
        """Return only whether it holds, for a caller that asks many times a second."""
        return self.condition.evaluate(resolve)

    def __str__(self) -> str:
        """Return the expression as it was written."""
        return self.text


def _find_read(name: str, column: int, scopes: Collection[str] | None, features: Collection[str] | None) -> Read:
    scope, _, rest = name.partition(".")
    if _exists(name, features):
        return Read(None, _metric(name), column)
    if _exists(rest, features):
        if scopes is None or scope in scopes:
            return Read(scope, _metric(rest), column)
        raise ExpressionError(f"{scope} is neither a phase nor a fault{did_you_mean(scope, scopes)}", column)
    remedy = suggestion(name, scopes or (), features or ())
    if "-" in name and not remedy:
        remedy = "; to subtract, put spaces around -"
    raise NoSuchMetricError(f"{name} is not a metric{remedy}", column)


def _exists(name: str, features: Collection[str] | None) -> bool:
    if name.startswith(PSI) and name not in METRICS and features is not None:
        return name.removeprefix(PSI) in features
    return find(name) is not None


def _metric(name: str) -> Metric:
    metric = find(name)
    if metric is None:
        raise KeyError(name)
    return metric
