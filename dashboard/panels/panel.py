"""What a panel is: a title, when it has something to show, and how it draws itself in a given space."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.frame import Frame
from dashboard.rows import Row


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
    """

    title: str
    draw: Callable[[Frame, int, int], list[Row]]
    present: Callable[[Frame], bool]
    heads: Callable[[Frame, int], tuple[str, ...]] = no_heads
    remark: Callable[[Frame, int], str] = no_remark
