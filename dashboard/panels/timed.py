"""The columns that panels on the time axis share, so that sparklines, phases and faults line up.

::

    name       last 10 s  check     whole run  ▁▁▂▃▅▇█▇▅▃▂▁▁
"""

from typing import Final

from dashboard.frame import Frame
from dashboard.rows import Piece, Row, left, right, row
from dashboard.sparkline import TimeAxis, time_axis
from dashboard.theme import DIM
from dashboard.units import WIDTH

NAME: Final = 13
CHECK: Final = 9
GUTTER: Final = 1 + NAME + WIDTH + 2 + CHECK + WIDTH + 2
MARGIN: Final = 1
PEAK: Final = 16  # "  peak 12.3 k/s " where the screen is wide
WIDE: Final = 110


def axis(frame: Frame, width: int) -> TimeAxis:
    """Return the time axis of a panel ``width`` cells wide."""
    return time_axis(frame, max(1, width - GUTTER - MARGIN - (PEAK if width >= WIDE else 0)))


def heads(title: str, middle: str) -> str:
    """Return the column heads as the remark after a title; ``middle`` stands over the check."""
    before = len("── ") + len(title) + len(" ")
    return (
        f"{right('last 10 s', max(WIDTH, 1 + NAME + WIDTH - before))}  {left(middle, CHECK)}{right('whole run', WIDTH)}"
    )


def figures(name: str, now: Piece, check: Piece, run: str) -> Row:
    """Return the columns left of the sparkline."""
    return row(
        " ",
        left(name, NAME),
        (right(now[0], WIDTH), now[1]),
        "  ",
        (left(check[0], CHECK), check[1]),
        (right(run, WIDTH), DIM),
        "  ",
    )


def charted(gutter: Row, chart: list[str], highest: Piece, width: int) -> list[Row]:
    """Return rows with the figures beside the chart's last line; ``highest`` is the peak in words, and the colour."""
    rows = [row(" " * GUTTER, (line, highest[1])) for line in chart[:-1]]
    last = [*gutter, *row((chart[-1], highest[1]))]
    if width >= WIDE:
        last += row((f"  {highest[0]}", DIM))
    return [*rows, last]
