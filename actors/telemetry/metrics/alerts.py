"""How the alerts themselves do: how many fire, and how many should not have."""

from collections.abc import Callable, Iterator

from actors.telemetry.metrics.metric import Metric, Unit, told_as
from actors.telemetry.metrics.series import Sample, Series, levels, totals
from actors.telemetry.snapshot import Alarms, Snapshot
from actors.telemetry.window import Window


def alert_metrics() -> Iterator[Metric]:
    """Yield how many alerts fire, and what `Alarms` holds."""
    what = "alerts that were firing at any time in the window"
    told = told_as("alerts.firing", Unit.COUNT, what, _firing, recent=True)
    yield Metric("alerts.firing", Unit.COUNT, what, _firing, also="alerts", level=told)
    what = "firings of alerts that began while nothing was wrong"
    words = "false_alarms alerts.false_alarms false_alerts"
    yield _graded("alerts.false", what, lambda alarms: alarms.false, words)
    what = "firings of alerts that began again soon after they were resolved, for the same reason"
    yield _graded("alerts.flaps", what, lambda alarms: alarms.flaps, "flaps flapping")


def _state_of_each(window: Window) -> Iterator[Sample]:
    for reading in window.newer.alerts:
        yield (reading.alert, reading.severity), float(reading.state == "firing")


_OF_EACH = ("alert", "severity")
FIRING = levels("alert_firing", "1 while the alert fires, else 0", _OF_EACH, _state_of_each)


def alert_series() -> Iterator[Series]:
    """Yield what other systems are told of each alert."""
    yield FIRING.series
    yield totals("alert_firings", "how often the alert has begun to fire", _OF_EACH, _firings_of_each).series


def _firing(window: Window) -> float:
    return float(window.alerts_firing)


def _firings_of_each(snapshot: Snapshot) -> Iterator[Sample]:
    for reading in snapshot.alerts:
        yield (reading.alert, reading.severity), reading.fired_count


def _graded(name: str, what: str, count: Callable[[Alarms], int], also: str) -> Metric:
    """Return the metric of a count of `Alarms`; None where nobody grades the alerts."""

    def samples(snapshot: Snapshot) -> list[Sample]:
        return [] if snapshot.alarms is None else [((), count(snapshot.alarms))]

    part = totals(name.replace(".", "_"), what, (), samples)

    def grown(window: Window) -> float | None:
        return None if window.newer.alarms is None else window.count(part)

    return Metric(name, Unit.COUNT, what, grown, also=also, part=part)
