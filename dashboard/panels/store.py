"""The feature store: what its look-ups found, how old its features are, and the breaker around it."""

from dashboard.frame import FeatureStoreHealth, Frame
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry
from dashboard.theme import BAD, CARE, DIM, GOOD, LABEL, PLAIN, mark
from dashboard.units import age, count, latency_us, limit_us, percent


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the lines that matter most, as many as fit, in a fixed order."""
    data = frame.feature_store
    if data is None:
        return []
    lines = [*_lookups(data, width), (2, _speed(data, width)), (1, _age(data, width)), *_breaker(data, width)]
    kept = sorted(rank for rank, _ in lines)[:height]
    return [line for rank, line in lines if rank in kept]


def _lookups(data: FeatureStoreHealth, width: int) -> list[tuple[int, Row]]:
    shares = (
        (0, "fresh", data.hit_10s_ratio, PLAIN),
        (5, "stale", data.stale_10s_ratio, CARE),
        (4, "missing", data.miss_10s_ratio, CARE),
        (3, "failed", data.error_10s_ratio, BAD),
    )
    return [
        (rank, entry((name, LABEL), [(percent(ratio), style if ratio else PLAIN), ("", DIM)], width))
        for rank, name, ratio, style in shares
    ]


def _speed(data: FeatureStoreHealth, width: int) -> Row:
    known = data.p95_10s_us is not None and data.p95_target_us is not None
    over = (data.p95_10s_us or 0) > (data.p95_target_us or 0) if known else None
    limit = "" if data.p95_target_us is None else f"<{limit_us(data.p95_target_us)}"
    cells = [(latency_us(data.p95_10s_us), BAD if over else PLAIN), (limit, DIM)]
    return entry(("look-up p95", LABEL), cells, width, mark(over))


def _age(data: FeatureStoreHealth, width: int) -> Row:
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


PANEL = Panel(
    "feature store",
    draw,
    lambda frame: frame.feature_store is not None,
    heads=lambda _frame, _width: ("last 10 s", "    limit"),
)
