"""Latency: percentiles against their targets, and their course on the time axis."""

from dashboard.frame import Frame, Latency, Percentiles, Series
from dashboard.panels import timed
from dashboard.panels.panel import Panel
from dashboard.rows import Piece, Row
from dashboard.sparkline import peak, sparkline
from dashboard.theme import ACCENT, BAD, DIM, PLAIN, mark
from dashboard.units import latency_us, limit_us


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return p50, p95 and p99, each to the scale of its own peak."""
    data = frame.latency
    if data is None:
        return []
    axis = timed.axis(frame, width)
    lines = max(1, height // 3)
    rows: list[Row] = []
    for name, now_us, run_us, target_us, series in _percentiles(data):
        over = None if now_us is None or target_us is None else now_us > target_us
        value = (latency_us(now_us), BAD if over else PLAIN)
        gutter = timed.figures(name, value, check(over, target_us), latency_us(run_us))
        style = (f"peak {latency_us(peak(series))}", BAD if over else ACCENT)
        rows += timed.charted(gutter, sparkline(series, axis, lines), style, width)
    return rows


def check(over: bool | None, target_us: float | None) -> Piece:  # noqa: FBT001  a yes, a no, or nothing known
    """Return how a figure stands to its target, in words: "✓ <10 ms", "✗ >10 ms"."""
    if target_us is None:
        return "", DIM
    symbol, style = mark(over)
    return f"{symbol} {'>' if over else '<'}{limit_us(target_us)}", style


def _percentiles(data: Latency) -> list[tuple[str, float | None, float | None, float | None, Series]]:
    targets = (data.p50_target_us, data.p95_target_us, data.p99_target_us)
    courses = (data.p50, data.p95, data.p99)
    return list(zip(("p50", "p95", "p99"), _values(data.last_10s), _values(data.run), targets, courses, strict=True))


def _values(percentiles: Percentiles | None) -> tuple[float | None, float | None, float | None]:
    if percentiles is None:
        return None, None, None
    return percentiles.p50_us, percentiles.p95_us, percentiles.p99_us


PANEL = Panel(
    "latency",
    draw,
    lambda frame: frame.latency is not None,
    remark=lambda _frame, _width: timed.heads("latency", "  target"),
)
