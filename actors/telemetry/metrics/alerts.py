"""How the alerts themselves do: how many fire, and how many should not have."""

from collections.abc import Callable, Iterator

from actors.telemetry.metrics.metric import Metric, Read, Unit
from actors.telemetry.snapshot import Alarms
from actors.telemetry.window import Window


def alert_metrics() -> Iterator[Metric]:
    """Yield how many alerts fire, and what `Alarms` holds."""
    what = "alerts that were firing at any time in the window"
    yield Metric("alerts.firing", Unit.COUNT, what, lambda window: float(window.alerts_firing), also="alerts")
    what = "firings of alerts that began while nothing was wrong"
    words = "false_alarms alerts.false_alarms false_alerts"
    yield Metric("alerts.false", Unit.COUNT, what, _grown(lambda alarms: alarms.false), also=words)
    what = "firings of alerts that began again soon after they were resolved, for the same reason"
    yield Metric("alerts.flaps", Unit.COUNT, what, _grown(lambda alarms: alarms.flaps), also="flaps flapping")


def _grown(read: Callable[[Alarms], int]) -> Read:
    """Return what reads by how much a count grew; None where nobody grades the alerts."""

    def count(window: Window) -> float | None:
        newer, older = window.newer.alarms, window.older.alarms or Alarms()
        return None if newer is None else float(read(newer) - read(older))

    return count
