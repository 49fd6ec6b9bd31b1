"""A reading as Prometheus' client library takes it: a family for each series, with the samples that there are."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from actors.core.clock import US_PER_S
from actors.telemetry.histogram_counts import HistogramCounts
from actors.telemetry.metrics.catalogue import SERIES
from actors.telemetry.metrics.series import PREFIX, TOTAL, Counter, Gauge, Histogram, Sample, Series
from actors.telemetry.window import Window
from sim.metrics_endpoint.buckets import BOUNDS_S, cumulative
from sim.metrics_endpoint.reading import Reading
from sim.metrics_endpoint.run_series import RUN_SERIES, RunGauge

AGE: Final = Series(
    f"{PREFIX}reading_age_seconds", "seconds", "how old the figures are; grows when the run tells nothing more", ()
)
ALL_SERIES: Final = {each.name: each for each in (*RUN_SERIES, AGE, *SERIES.values())}
"""What an endpoint serves, by name."""

_LE: Final = (*map(floatToGoString, BOUNDS_S), "+Inf")


class ReadingCollector(Collector):
    """Gives the latest reading, each time it is asked.

    Args:
        latest: returns the reading, and how many seconds old it is.
    """

    def __init__(self, latest: Callable[[], tuple[Reading, float]]) -> None:
        self._latest = latest

    def describe(self) -> Iterator[Family]:
        """Yield the families without samples, so that a scraper can ask for some by name."""
        nothing = Reading(state="")
        yield from (family_of(series, nothing) for series in ALL_SERIES.values())

    def collect(self) -> Iterator[Family]:
        """Yield each family that has a sample."""
        reading, age_s = self._latest()
        yield from families(reading)
        yield _gauge(AGE, [((), age_s)])


def families(reading: Reading) -> Iterator[Family]:
    """Yield the families of a reading that have a sample."""
    found = (family_of(series, reading) for series in ALL_SERIES.values())
    return (family for family in found if family.samples)


def family_of(series: Series, reading: Reading) -> Family:
    """Return a series with the samples that the reading has of it."""
    snapshot = reading.snapshot
    if isinstance(series, Histogram):
        return _histogram(series, () if snapshot is None else series.read(snapshot))
    if isinstance(series, Counter):
        return _counter(series, () if snapshot is None else series.read(snapshot))
    if isinstance(series, RunGauge):
        return _gauge(series, series.read(reading))
    if not isinstance(series, Gauge) or snapshot is None:
        return _gauge(series, ())
    if series.recent:
        return _gauge(series, reading.recent.get(series.name, ()))
    return _gauge(series, series.read(Window(snapshot, snapshot)))


def buckets(counts: HistogramCounts) -> list[tuple[str, int]]:
    """Return the buckets, the last of which has no bound, each with its count."""
    return list(zip(_LE, (*cumulative(counts), counts.total), strict=True))


def _histogram(series: Series, times: Iterable[tuple[tuple[str, ...], HistogramCounts]]) -> Family:
    family = HistogramMetricFamily(series.name, series.help, labels=series.labels, unit=series.unit)
    for labels, counts in times:
        if counts.total:
            family.add_metric(labels, buckets(counts), counts.sum_us / US_PER_S)
    return family


def _counter(series: Series, samples: Iterable[Sample]) -> Family:
    name = series.name.removesuffix(TOTAL)
    family = CounterMetricFamily(name, series.help, labels=series.labels, unit=series.unit)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _gauge(series: Series, samples: Iterable[Sample]) -> Family:
    family = GaugeMetricFamily(series.name, series.help, labels=series.labels, unit=series.unit)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family
