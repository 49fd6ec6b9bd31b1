"""Drift: the features that have moved furthest from training."""

from dashboard.bars import bar
from dashboard.frame import Frame
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry, row
from dashboard.theme import ACCENT, BAD, LABEL, PLAIN, mark
from dashboard.units import WIDTH, count, number

_ROOMY = 48  # from here on there is room for the number of rows
_BAR = 8  # cells; a full bar is the limit


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the highest PSI first; a full bar is the limit."""
    data = frame.drift
    if data is None:
        return []
    rows = []
    for name, psi in data.features[:height]:
        over = psi >= data.limit
        filled = bar(psi / data.limit if data.limit > 0 else None, _BAR)
        style = BAD if over else ACCENT
        cells = [(number(psi), BAD if over else PLAIN), (filled, style)]
        rows.append(entry((name, LABEL), cells, width, mark(over)))
    return rows or [row("   ", ("no samples yet", LABEL))]


def _heads(frame: Frame, _width: int) -> tuple[str, ...]:
    data = frame.drift
    return () if data is None else ("PSI".rjust(WIDTH), f"<{number(data.limit, 2)}".rjust(WIDTH))


def _remark(frame: Frame, width: int) -> str:
    data = frame.drift
    if data is None:
        return ""
    return data.covers if width < _ROOMY else f"{data.covers}, {count(data.samples_count)} rows"


PANEL = Panel("drift", draw, lambda frame: frame.drift is not None, heads=_heads, remark=_remark)
