"""What the screen shows before the first frame: what is going on, and how far it is."""

from dashboard.bars import bar
from dashboard.frame import Notice
from dashboard.rows import Row, block, left, row
from dashboard.screen import Picture
from dashboard.theme import ACCENT, DIM, LABEL, STRONG, TITLE
from dashboard.units import percent

_WIDEST = 64  # cells; a longer bar says no more


def render_notice(notice: Notice, width: int, height: int) -> Picture:
    """Return the notice in the middle of the screen: exactly ``height`` rows of ``width`` cells."""
    room = max(0, min(_WIDEST, width - 4))
    lines: list[Row] = [
        row(("riskdrill", TITLE)),
        [],
        row((left(notice.title, room), STRONG)),
        _progress(notice.done_ratio, room),
        row((left(notice.detail, room), DIM)),
    ]
    above = max(0, (height - len(lines)) // 2)
    indent = " " * max(0, (width - room) // 2)
    rows: list[Row] = [[] for _ in range(above)]
    rows += [[*row(indent), *line] for line in lines]
    return Picture(block(rows, width, height), width)


def _progress(done_ratio: float | None, width: int) -> Row:
    if done_ratio is None:
        return row(("·" * width, DIM))
    figure = f" {percent(min(1.0, max(0.0, done_ratio))):>7}"
    return row((bar(done_ratio, max(0, width - len(figure)), "─"), ACCENT), (figure, LABEL))
