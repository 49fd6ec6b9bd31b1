"""How the pipeline's process fares, and how many alerts it raised."""

from collections.abc import Iterator
from dataclasses import replace

from actors.clock import NS_PER_S
from actors.telemetry.metrics.metric import Metric, counted, reading, time_share
from actors.telemetry.units import Unit
from actors.telemetry.window import Window

BYTES_PER_MB = 1_000_000

_MEMORY = "memory mem rss rss_mb memory_bytes ram"


def process_metrics() -> Iterator[Metric]:
    """Yield memory, garbage collection and alerts."""
    what = "share of the time that garbage collection stopped the world"
    for metric in (
        reading("memory_mb", Unit.MB, "resident memory of the pipeline's process", _memory_mb, also=_MEMORY),
        counted("gc.pauses", "garbage collections", lambda s: s.gc.pauses),
        time_share("gc.pause_ratio", what, lambda s: s.gc.total_ns / NS_PER_S, worse=True),
    ):
        yield replace(metric, of_process=True)
    what = "alerts that were firing at any time in the window"
    yield Metric("alerts.firing", Unit.COUNT, what, lambda window: float(window.alerts_firing), also="alerts")


def _memory_mb(window: Window) -> float | None:
    resident = window.newer.memory_bytes
    return None if resident is None else resident / BYTES_PER_MB
