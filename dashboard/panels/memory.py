"""Memory of the pipeline's process, against the alert's limit."""

from dashboard.bars import bar
from dashboard.frame import Frame
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry, row
from dashboard.sparkline import peak, sparkline, time_axis
from dashboard.theme import ACCENT, BAD, DIM, LABEL, PLAIN, mark
from dashboard.units import percent, size

_NEAR = 0.8  # of the limit: here the alert fires


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the figure, a bar to the limit, and the course of the run."""
    data = frame.memory
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


PANEL = Panel(
    "memory", draw, lambda frame: frame.memory is not None, heads=lambda _frame, _width: ("      now", "    limit")
)
