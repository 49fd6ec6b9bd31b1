"""The times of one histogram as a summary gives them."""

from collections.abc import Mapping

from actors.telemetry.buckets import HIGHEST_US
from actors.telemetry.counts import HistogramCounts
from actors.telemetry.metrics.latency import PERCENTS

US_PER_MS = 1_000


def times_in_ms(counts: HistogramCounts) -> dict[str, float | None]:
    """Return percentiles, mean and maximum in milliseconds by their keys, None without values."""
    times = {f"{name}_ms": in_ms(counts.percentile_us(percent)) for name, percent in PERCENTS.items()}
    return {**times, "mean_ms": in_ms(counts.mean_us), "max_ms": in_ms(counts.max_us)}


def at_least(times: Mapping[str, float | None]) -> tuple[str, ...]:
    """Return the keys of those percentiles that are lower bounds, since no counter reaches as far as the true ones.

    Example:
        >>> at_least({"p50_ms": 12.0, "p99_ms": 3_600_000.001, "max_ms": 9_000_000.0})
        ('p99_ms',)
    """
    bounded = (key for key in times if key.removesuffix("_ms") in PERCENTS)
    return tuple(key for key in bounded if (times[key] or 0.0) * US_PER_MS > HIGHEST_US)


def in_ms(value_us: float | None) -> float | None:
    """Return milliseconds; None stays None."""
    return None if value_us is None else value_us / US_PER_MS
