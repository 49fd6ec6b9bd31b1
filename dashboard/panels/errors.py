"""Errors: the error rate against its target, and what it is made of."""

from dashboard.frame import Errors, Frame
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry
from dashboard.theme import BAD, DIM, LABEL, PLAIN, mark
from dashboard.units import count, limit_percent, percent


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the rate, then its causes and what is counted apart, as far as there is room."""
    data = frame.errors
    if data is None:
        return []
    apart = (("invalid input", data.invalid_run_count), ("duplicates", data.duplicate_run_count))
    rows = [_rate(data, width)]
    for name, total in (*data.causes, *apart):
        style = BAD if total and (name, total) not in apart else DIM
        rows.append(entry((name, LABEL), [("", DIM), (count(total), style)], width))
    return rows[:height]


def _rate(data: Errors, width: int) -> Row:
    over = None if data.ratio_10s is None else data.ratio_10s > data.target_ratio
    name = f"rate {'>' if over else '<'}{limit_percent(data.target_ratio)}"
    cells = [(percent(data.ratio_10s), BAD if over else PLAIN), (percent(data.ratio_run), DIM)]
    return entry((name, LABEL), cells, width, mark(over))


PANEL = Panel(
    "errors", draw, lambda frame: frame.errors is not None, heads=lambda _frame, _width: ("last 10 s", "whole run")
)
