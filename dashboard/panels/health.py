"""What ails the pipeline: errors, the feature store, memory."""

from dashboard.charts import bar, peak, sparkline, time_axis
from dashboard.frame import Errors, Figure, Frame, Part, Section, Series
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry, row
from dashboard.theme import ACCENT, BAD, CARE, DIM, GOOD, LABEL, PLAIN, mark
from dashboard.units import age, count, latency_us, limit_percent, limit_us, percent, size

_ERRORS = "error_ratio"


def draw_errors(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the rate, then its causes and what is counted apart, as far as there is room."""
    data = frame.errors
    if data is None:
        return []
    apart = (("invalid input", data.invalid_run_count), ("duplicates", data.duplicate_run_count))
    rows = [_error_rate(data, frame.figure(_ERRORS), width)]
    for name, total in (*data.causes, *apart):
        style = BAD if total and (name, total) not in apart else DIM
        rows.append(entry((name, LABEL), [("", DIM), (count(total), style)], width))
    return rows[:height]


def _error_rate(data: Errors, rate: Figure, width: int) -> Row:
    over = None if rate.last_10s is None else rate.last_10s > data.target_ratio
    name = f"rate {'>' if over else '<'}{limit_percent(data.target_ratio)}"
    cells = [(percent(rate.last_10s), BAD if over else PLAIN), (percent(rate.run), DIM)]
    return entry((name, LABEL), cells, width, mark(over))


ERRORS_PANEL = Panel(
    "errors",
    draw_errors,
    lambda frame: frame.errors is not None,
    heads=lambda _frame, _width: ("last 10 s", "whole run"),
    metrics=(_ERRORS,),
)


class BreakerReading(Part, frozen=True, kw_only=True):
    """The circuit breaker around the feature store: closed, open or half_open, for how long; trips in the whole run."""

    state: str
    age_s: float
    trips_run_count: int


class FeatureStoreHealth(Section, frozen=True, kw_only=True):
    """Look-ups of the last 10 s, and how old the newest batch features are in event time.

    Attributes:
        hit_10s_ratio: rows found and fresh.
        miss_10s_ratio: rows without features though their look-up answered.
        age_s: event-time age of the batch table that serves.
        stale_after_s: beyond it batch features are stale.
    """

    hit_10s_ratio: float | None
    miss_10s_ratio: float | None
    p95_target_us: float | None
    age_s: float | None
    stale_after_s: float
    breaker: BreakerReading | None = None


_STALE, _FAILED, _LOOKUP_P95 = "feature_store.stale_ratio", "feature_store.error_ratio", "feature_store.p95"
_WINDOWS_FAILED = "windows.error_ratio"


def draw_store(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the lines that matter most, as many as fit, in a fixed order."""
    data = frame.section(FeatureStoreHealth)
    if data is None:
        return []
    lines = [
        *_lookups(frame, data, width),
        (2, _lookup_speed(data, frame.figure(_LOOKUP_P95).last_10s, width)),
        (1, _batch_age(data, width)),
        *_breaker(data, width),
        *_windows(frame.figure(_WINDOWS_FAILED).last_10s, width),
    ]
    kept = sorted(rank for rank, _ in lines)[:height]
    return [line for rank, line in lines if rank in kept]


def _lookups(frame: Frame, data: FeatureStoreHealth, width: int) -> list[tuple[int, Row]]:
    shares = (
        (0, "fresh", data.hit_10s_ratio, PLAIN),
        (5, "stale", frame.figure(_STALE).last_10s, CARE),
        (4, "missing", data.miss_10s_ratio, CARE),
        (3, "failed", frame.figure(_FAILED).last_10s, BAD),
    )
    return [
        (rank, entry((name, LABEL), [(percent(ratio), style if ratio else PLAIN), ("", DIM)], width))
        for rank, name, ratio, style in shares
    ]


def _lookup_speed(data: FeatureStoreHealth, p95_us: float | None, width: int) -> Row:
    over = None if p95_us is None or data.p95_target_us is None else p95_us > data.p95_target_us
    limit = "" if data.p95_target_us is None else f"<{limit_us(data.p95_target_us)}"
    cells = [(latency_us(p95_us), BAD if over else PLAIN), (limit, DIM)]
    return entry(("look-up p95", LABEL), cells, width, mark(over))


def _batch_age(data: FeatureStoreHealth, width: int) -> Row:
    old = None if data.age_s is None else data.age_s > data.stale_after_s
    cells = [(age(data.age_s), BAD if old else PLAIN), (f"<{age(data.stale_after_s)}", DIM)]
    return entry(("batch age", LABEL), cells, width, mark(old))


def _breaker(data: FeatureStoreHealth, width: int) -> list[tuple[int, Row]]:
    breaker = data.breaker
    if breaker is None:
        return []
    style = {"closed": GOOD, "half_open": CARE}.get(breaker.state, BAD)
    cells = [(breaker.state, style), (f"{count(breaker.trips_run_count)} trips", DIM)]
    name = f"breaker {age(breaker.age_s)}"
    return [(-1, entry((name, LABEL), cells, width, mark(breaker.state != "closed")))]


def _windows(failed_ratio: float | None, width: int) -> list[tuple[int, Row]]:
    """Return a line only while windows fail: those in the pipeline's own process cannot."""
    cells = [(percent(failed_ratio), BAD), ("", DIM)]
    return [(-2, entry(("windows failed", LABEL), cells, width, mark(True)))] if failed_ratio else []


STORE_PANEL = Panel(
    "feature store",
    draw_store,
    lambda frame: frame.has(FeatureStoreHealth),
    heads=lambda _frame, _width: ("last 10 s", "    limit"),
    metrics=(_STALE, _FAILED, _LOOKUP_P95, _WINDOWS_FAILED),
)


class Memory(Section, frozen=True, kw_only=True):
    """Resident bytes of the pipeline's process, the alert's limit, and the series in bytes."""

    used_bytes: int
    limit_bytes: int
    series: Series


_NEAR = 0.8  # of the limit: here the alert fires


def draw_memory(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the figure, a bar to the limit, and the course of the run."""
    data = frame.section(Memory)
    if data is None:
        return []
    ratio = data.used_bytes / data.limit_bytes if data.limit_bytes > 0 else None
    over = None if ratio is None else ratio > _NEAR
    style = BAD if over else ACCENT
    cells = [(size(data.used_bytes), BAD if over else PLAIN), (size(data.limit_bytes), DIM)]
    rows = [entry((f"resident {percent(ratio)}", LABEL), cells, width, mark(over))]
    rows.append(row("   ", (bar(ratio, max(0, width - 4)), style)))
    lines = max(0, height - len(rows))
    if lines:
        axis = time_axis(frame, max(1, width - 4))
        chart = sparkline(data.series, axis, lines, max(peak(data.series) or 0.0, float(data.limit_bytes)))
        rows += [row("   ", (line, style)) for line in chart]
    return rows


MEMORY_PANEL = Panel(
    "memory",
    draw_memory,
    lambda frame: frame.has(Memory),
    heads=lambda _frame, _width: ("      now", "    limit"),
)
