"""Shares: what was decided, and on which rung of the ladder; as tables or, where room is short, as two lines."""

from rich.style import Style

from dashboard.bars import bar
from dashboard.frame import Frame, Share
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry, left, right, row
from dashboard.theme import ACCENT, CARE, DIM, LABEL, PLAIN
from dashboard.units import percent

_BAR_FROM = 44  # cells; below it the table has no bar
_DECISIONS = frozenset({"approve", "review", "block"})
_FIGURE = 8  # ">99.9 %" and a blank


def draw_lines(frame: Frame, width: int, height: int) -> list[Row]:
    """Return decisions on one line and modes on another, shares of the last 10 s."""
    return [_line(shares, width) for shares in (frame.decisions, frame.modes) if shares][:height]


def _line(shares: tuple[Share, ...], width: int) -> Row:
    room = max(4, (width - 1) // len(shares) - 2 - _FIGURE)
    tight = sum(len(share.name) + _FIGURE + 1 for share in shares) + 1
    line = row(" ")
    for index, share in enumerate(shares):
        name = share.name if tight <= width else left(share.name, room)
        figure = percent(share.ratio_10s)
        line += row((f"{name} ", LABEL), (figure.ljust(_FIGURE), _style(index, share)))
    return line


def draw_decisions(frame: Frame, width: int, height: int) -> list[Row]:
    """Return one line a decision."""
    return [_entry(index, share, width) for index, share in enumerate(frame.decisions)][:height]


def draw_modes(frame: Frame, width: int, height: int) -> list[Row]:
    """Return one line a mode, best first."""
    return [_entry(index, share, width) for index, share in enumerate(frame.modes)][:height]


def _entry(index: int, share: Share, width: int) -> Row:
    style = _style(index, share)
    cells = [(percent(share.ratio_10s), style), (percent(share.ratio_run), DIM)]
    if width < _BAR_FROM:
        return entry((share.name, LABEL), cells, width)
    space = width - _BAR_FROM + 8
    line = entry((share.name, LABEL), cells, width - space)
    return [
        *line,
        *row(
            "  ",
            (
                right(bar(share.ratio_10s, space - 3), space - 2),
                DIM if not share.ratio_10s else ACCENT if index == 0 else style,
            ),
        ),
    ]


def _style(index: int, share: Share) -> Style:
    """A rung below the first stands out when it is used; decisions are all part of a normal day."""
    return CARE if index and (share.ratio_10s or 0) > 0 and share.name not in _DECISIONS else PLAIN


_HEADS = ("last 10 s", "whole run")


def _heads(_frame: Frame, width: int) -> tuple[str, ...]:
    return _HEADS if width < _BAR_FROM else ()


def _remark(_frame: Frame, width: int) -> str:
    return "" if width < _BAR_FROM else "last 10 s, whole run"


LINES = Panel(
    "decisions", draw_lines, lambda frame: bool(frame.decisions or frame.modes), remark=lambda _f, _w: "last 10 s"
)
DECISIONS = Panel("decisions", draw_decisions, lambda frame: bool(frame.decisions), heads=_heads, remark=_remark)
MODES = Panel("modes", draw_modes, lambda frame: bool(frame.modes), heads=_heads, remark=_remark)
