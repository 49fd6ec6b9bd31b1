"""Series: what other systems are told of a run, by the rules that Prometheus has for names and units.

A metric is a figure over a window; a series is what it is computed from. So a count is declared once, as a `Total`,
which a metric reads here and which another system reads under its name.

Example:
    >>> total("restarts", "actors restarted", lambda snapshot: snapshot.counters.restarts).selector
    'riskdrill_restarts_total'
    >>> decisions = totals("decisions", "decisions", ("mode", "decision"), lambda snapshot: ())
    >>> decisions.where("mode", "full").unless("decision", "block").selector
    'riskdrill_decisions_total{mode="full",decision!="block"}'
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Self, TypeAlias

from actors.telemetry.histogram_counts import HistogramCounts
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.window import Window

PREFIX: Final = "riskdrill_"
TOTAL: Final = "_total"

Sample: TypeAlias = tuple[tuple[str, ...], float]
"""The values of a series' labels, and the figure."""


@dataclass(frozen=True, slots=True)
class Series:
    """A name that other systems read, with a sample for each combination of its labels.

    Attributes:
        name: as it is read, with the prefix, the unit and what marks a count.
        unit: ``seconds``, ``bytes`` or ``ratio``; "" for a plain number.
        help: one line on what it is.
        labels: names of its labels; each has few values, however many transactions there are.
    """

    name: str
    unit: str
    help: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counter(Series):
    """Counts since the start of the run, which never go down."""

    read: Callable[[Snapshot], Iterable[Sample]]


@dataclass(frozen=True, slots=True)
class Gauge(Series):
    """Readings of an instant, or of the latest window.

    Attributes:
        read: its samples; none where there is nothing to measure.
        recent: whether it is a figure of the last ten seconds, which takes the snapshot at their beginning too.
    """

    read: Callable[[Window], Iterable[Sample]]
    recent: bool = False


@dataclass(frozen=True, slots=True)
class Histogram(Series):
    """Times since the start of the run, counted in buckets."""

    read: Callable[[Snapshot], Iterable[tuple[tuple[str, ...], HistogramCounts]]]


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on a label's value."""

    label: str
    value: str
    negated: bool = False

    def __str__(self) -> str:
        return f'{self.label}{"!=" if self.negated else "="}"{self.value}"'


@dataclass(frozen=True, slots=True)
class Selection:
    """The samples of a series whose labels match."""

    series: Counter | Gauge
    matchers: tuple[Matcher, ...] = ()

    def where(self, label: str, value: str) -> Self:
        """Return those of them in which ``label`` is ``value``."""
        return replace(self, matchers=(*self.matchers, Matcher(label, value)))

    def unless(self, label: str, value: str) -> Self:
        """Return those of them in which ``label`` is something else."""
        return replace(self, matchers=(*self.matchers, Matcher(label, value, negated=True)))

    @property
    def selector(self) -> str:
        """How PromQL names them."""
        conditions = ",".join(map(str, self.matchers))
        return f"{self.series.name}{{{conditions}}}" if conditions else self.series.name

    def matches(self, values: tuple[str, ...]) -> bool:
        """Return whether a sample with these ``values`` of its labels is one of them."""
        at = self.series.labels.index
        return all((values[at(each.label)] == each.value) != each.negated for each in self.matchers)


@dataclass(frozen=True, slots=True)
class Total(Selection):
    """A count, as a metric reads it: the sum of the samples that match."""

    series: Counter

    def __call__(self, snapshot: Snapshot) -> float:
        """Return how much was counted since the start of the run."""
        return sum(value for values, value in self.series.read(snapshot) if self.matches(values))


@dataclass(frozen=True, slots=True)
class Level(Selection):
    """A reading; the largest of the samples that match."""

    series: Gauge


def totals(
    name: str,
    help: str,  # noqa: A002 - what it is called where it is shown
    labels: tuple[str, ...],
    read: Callable[[Snapshot], Iterable[Sample]],
    unit: str = "",
) -> Total:
    """Return all counts of a series with labels."""
    return Total(Counter(f"{PREFIX}{name}{unit and f'_{unit}'}{TOTAL}", unit, help, labels, read))


def total(name: str, help: str, read: Callable[[Snapshot], float], unit: str = "") -> Total:  # noqa: A002 - as above
    """Return the count of a series without labels."""
    return totals(name, help, (), lambda snapshot: [((), read(snapshot))], unit)


def levels(
    name: str,
    help: str,  # noqa: A002 - as above
    labels: tuple[str, ...],
    read: Callable[[Window], Iterable[Sample]],
    unit: str = "",
    *,
    recent: bool = False,
) -> Level:
    """Return all readings of a series with labels."""
    return Level(Gauge(f"{PREFIX}{name}{unit and f'_{unit}'}", unit, help, labels, read, recent))


def level(
    name: str,
    help: str,  # noqa: A002 - as above
    read: Callable[[Window], float | None],
    unit: str = "",
    *,
    recent: bool = False,
) -> Level:
    """Return the reading of a series without labels; no sample where there is nothing to measure."""

    def samples(window: Window) -> list[Sample]:
        value = read(window)
        return [] if value is None else [((), value)]

    return levels(name, help, (), samples, unit, recent=recent)
