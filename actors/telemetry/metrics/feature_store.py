"""How the feature store serves, and the windows."""

from collections.abc import Iterator

from actors.telemetry.metrics.metric import Metric, Unit, counted, reading, share
from actors.telemetry.metrics.series import Sample, Series, levels, total
from actors.telemetry.window import Window

LOOKUPS = total("feature_store_lookups", "look-ups of a batch", lambda s: s.counters.store_lookups)
LOOKUP_ERRORS = total(
    "feature_store_lookup_errors",
    "look-ups that failed, timed out or met an open breaker",
    lambda s: s.counters.store_errors,
)
CALLS = total("feature_store_calls", "what the store was asked, retries included", lambda s: s.counters.store_calls)
NEEDED = total("feature_store_transactions", "transactions that needed batch features", lambda s: s.counters.store_rows)
CACHED = total(
    "feature_store_cached",
    "transactions answered from the cache because their look-up failed",
    lambda s: s.counters.store_cached_rows,
)
MISSING = total("feature_store_missing", "transactions without batch features", lambda s: s.counters.store_missing_rows)
STALE = total(
    "feature_store_stale", "transactions with batch features past their limit", lambda s: s.counters.store_stale_rows
)
WINDOWS_CALLS = total(
    "windows_calls", "batches that the windows were asked to count", lambda s: s.counters.windows_calls
)
WINDOWS_ERRORS = total(
    "windows_errors",
    "batches that the windows refused or did not count in time",
    lambda s: s.counters.windows_errors,
)


def _breaker(window: Window) -> Iterator[Sample]:
    for state in ("closed", "open", "half_open"):
        yield (state,), float(state == window.newer.gauges.breaker)


BREAKER = levels("breaker_state", "1 for the state of its circuit breaker, else 0", ("state",), _breaker)


def feature_store_series() -> Iterator[Series]:
    """Yield what other systems are told beyond what metrics read."""
    yield BREAKER.series


def feature_store_metrics() -> Iterator[Metric]:
    """Yield failures, calls, gaps and age. Look-up times are the stage ``feature_store``'s."""
    yield share(
        "feature_store.error_ratio",
        "look-ups that failed, timed out or met an open breaker",
        LOOKUP_ERRORS,
        LOOKUPS,
        worse=True,
        also="feature_store.error_rate store_error_ratio store_errors",
    )
    yield share(
        "feature_store.calls_per_lookup",
        "calls that the store got for each look-up: retries add to them, an open breaker spares them",
        CALLS,
        LOOKUPS,
        unit=Unit.COUNT,
    )
    yield share(
        "feature_store.cached_ratio",
        "transactions answered from the cache because their look-up failed, of those that needed batch features",
        CACHED,
        NEEDED,
    )
    yield share(
        "feature_store.miss_ratio",
        "transactions without batch features, of those that needed them",
        MISSING,
        NEEDED,
        worse=True,
        also="miss_ratio miss_rate cache_miss_ratio feature_store.miss_rate missing_ratio",
    )
    yield share(
        "feature_store.stale_ratio",
        "transactions with batch features past their limit, of those that needed them",
        STALE,
        NEEDED,
        worse=True,
        also="stale_rate feature_store.stale_rate",
    )
    yield reading(
        "feature_store.age_s",
        Unit.S,
        "age of the newest batch features, in event time",
        lambda window: window.newer.gauges.batch_age_s,
        also="feature_store.age freshness feature_store.freshness age_s",
    )
    what = "times its breaker opened"
    words = "breaker_trips circuit_breaker trips"
    yield counted("feature_store.breaker_trips", what, lambda s: s.counters.breaker_trips, also=words)
    yield counted("feature_store.refreshes", "batch tables published", lambda s: s.counters.refreshes)
    what = "batch tables computed and not published"
    yield counted("feature_store.refresh_failures", what, lambda s: s.counters.refresh_failures)
    yield share(
        "windows.error_ratio",
        "batches that the windows refused or did not count in time, and whose transactions went by rules",
        WINDOWS_ERRORS,
        WINDOWS_CALLS,
        worse=True,
        also="windows.error_rate windows_error_ratio windows_errors stream_state.error_ratio",
    )
