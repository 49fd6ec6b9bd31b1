"""Throughput: transactions due, and transactions decided, on the time axis."""

from dashboard.frame import Frame, Throughput
from dashboard.panels import timed
from dashboard.panels.panel import Panel
from dashboard.rows import Piece, Row
from dashboard.sparkline import peak, sparkline
from dashboard.theme import ACCENT, DIM, PLAIN, SECOND, mark
from dashboard.units import percent, rate

_KEEPS_UP = 0.95  # of the offered rate; below it arrivals pile up, or a run is inconclusive


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return offered above achieved, both to the same scale."""
    data = frame.throughput
    if data is None:
        return []
    axis = timed.axis(frame, width)
    lines = max(1, height // 2)
    top = max(peak(data.offered) or 0.0, peak(data.achieved) or 0.0)
    rows: list[Row] = []
    for name, now, check, run, series, style in (
        ("offered", data.offered_10s_per_s, ("", DIM), data.offered_run_per_s, data.offered, SECOND),
        ("achieved", data.achieved_10s_per_s, _kept(data), data.achieved_run_per_s, data.achieved, ACCENT),
    ):
        gutter = timed.figures(name, (rate(now), PLAIN), check, rate(run))
        chart = sparkline(series, axis, lines, top)
        rows += timed.charted(gutter, chart, (f"peak {rate(peak(series))}", style), width)
    return rows


def _kept(data: Throughput) -> Piece:
    """Return which share of what was offered is decided."""
    offered, achieved = data.offered_10s_per_s, data.achieved_10s_per_s
    if not offered or achieved is None:
        return "", DIM
    symbol, style = mark(achieved < _KEEPS_UP * offered)
    return f"{symbol} {percent(min(achieved / offered, 9.99))}", style


PANEL = Panel(
    "throughput",
    draw,
    lambda frame: frame.throughput is not None,
    remark=lambda _frame, _width: timed.heads("throughput", "kept up"),
)
