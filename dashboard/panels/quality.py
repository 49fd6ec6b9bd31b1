"""Quality: how good the decisions are, where labels have arrived."""

from dashboard.bars import columns
from dashboard.frame import Frame, Quality
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry, row
from dashboard.sparkline import resample, time_axis
from dashboard.theme import ACCENT, BAD, DIM, LABEL, PLAIN, mark
from dashboard.units import count, number, percent

_CHANCE = 0.5  # an AUC of one half is chance; the chart begins there


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return rolling AUC, recall, false positives, the labels they rest on, and the AUC's course."""
    data = frame.quality
    if data is None:
        return []
    labelled = f"of {count(data.labelled_run_count)} labelled, {count(data.decided_run_count)} decided"
    if data.rolling_auc is None:
        return [row("   ", ("waiting for labels", LABEL)), row("   ", (labelled, DIM))]
    rows = [
        _auc(data, width),
        entry(("recall", LABEL), [("", DIM), (percent(data.recall_run_ratio), PLAIN)], width),
        entry(("false positives", LABEL), [("", DIM), (percent(data.false_positive_run_ratio), PLAIN)], width),
        row("   ", (labelled, DIM)),
    ]
    return [*rows, *_course(frame, data, width, height - len(rows))]


def _auc(data: Quality, width: int) -> Row:
    low = None if data.rolling_auc is None else data.rolling_auc < data.target_auc
    name = f"AUC {'<' if low else '>'}{data.target_auc:.2f}"
    cells = [(number(data.rolling_auc), BAD if low else PLAIN), ("", DIM)]
    return entry((name, LABEL), cells, width, mark(low))


def _course(frame: Frame, data: Quality, width: int, lines: int) -> list[Row]:
    if data.auc is None or lines < 1:
        return []
    axis = time_axis(frame, max(1, width - 4))
    values = [None if value is None else value - _CHANCE for value in resample(data.auc, axis, min)]
    return [row("   ", (line, ACCENT)) for line in columns(values, axis.width, lines, _CHANCE)]


PANEL = Panel(
    "quality",
    draw,
    lambda frame: frame.quality is not None,
    heads=lambda _frame, _width: ("  rolling", "whole run"),
)
