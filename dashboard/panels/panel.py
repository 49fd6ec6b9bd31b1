"""What a panel is, with the columns that panels on the time axis share.

::

    name       last 10 s  check     whole run  ▁▁▂▃▅▇█▇▅▃▂▁▁
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dashboard.charts import TimeAxis, time_axis
from dashboard.frame import Frame
from dashboard.rows import Piece, Row, left, right, row
from dashboard.theme import DIM
from dashboard.units import WIDTH


def no_heads(_frame: Frame, _width: int) -> tuple[str, ...]:
    """Return no column heads."""
    return ()


def no_remark(_frame: Frame, _width: int) -> str:
    """Return no remark."""
    return ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle of the screen under a title line. Its functions are pure.

    Attributes:
        title: the first word on its title line.
        draw: frame, width and height to rows; fewer or narrower rows are padded, more are cut.
        present: whether the frame has data for it; without, the panel is left out.
        heads: column heads at the right edge of the title line, over the cells of `rows.entry`.
        remark: dim words after the title, for example the span that the figures cover.
        metrics: names of those that it shows as they are; the frame has them under these names.
    """

    title: str
    draw: Callable[[Frame, int, int], list[Row]]
    present: Callable[[Frame], bool]
    heads: Callable[[Frame, int], tuple[str, ...]] = no_heads
    remark: Callable[[Frame, int], str] = no_remark
    metrics: tuple[str, ...] = ()


NAME: Final = 13
CHECK: Final = 9
GUTTER: Final = 1 + NAME + WIDTH + 2 + CHECK + WIDTH + 2
MARGIN: Final = 1
PEAK: Final = 16  # "  peak 12.3 k/s " where the screen is wide
WIDE: Final = 110


def timed_axis(frame: Frame, width: int) -> TimeAxis:
    """Return the time axis of a panel ``width`` cells wide."""
    return time_axis(frame, max(1, width - GUTTER - MARGIN - (PEAK if width >= WIDE else 0)))


def timed_heads(title: str, middle: str) -> str:
    """Return the column heads as the remark after a title; ``middle`` stands over the check."""
    before = len("── ") + len(title) + len(" ")
    return (
        f"{right('last 10 s', max(WIDTH, 1 + NAME + WIDTH - before))}  {left(middle, CHECK)}{right('whole run', WIDTH)}"
    )


def timed_figures(name: str, now: Piece, check: Piece, run: str) -> Row:
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


def timed_chart(gutter: Row, chart: list[str], highest: Piece, width: int) -> list[Row]:
    """Return rows with the figures beside the chart's last line; ``highest`` is the peak in words, and the colour."""
    rows = [row(" " * GUTTER, (line, highest[1])) for line in chart[:-1]]
    last = [*gutter, *row((chart[-1], highest[1]))]
    if width >= WIDE:
        last += row((f"  {highest[0]}", DIM))
    return [*rows, last]
