"""Bars and histograms of block characters; the same picture without colour.

Example:
    >>> bar(0.3, 10), bar(0, 4), bar(1.7, 4), bar(0.001, 4)
    ('███·······', '····', '████', '▏···')
    >>> columns([0, 1, 2, 4], 4, 1)
    [' ▂▄█']
    >>> columns([0, 1, 2, 4], 4, 2)
    ['   █', ' ▄██']
"""

import math
from collections.abc import Sequence
from typing import Final

EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
LEVELS: Final = " ▁▂▃▄▅▆▇█"


def bar(ratio: float | None, width: int, empty: str = "·") -> str:
    """Return a bar of ``width`` cells, ``ratio`` of it filled; what is not 0 shows at least a sliver."""
    if width <= 0:
        return ""
    if ratio is None or not math.isfinite(ratio):
        return empty * width
    ratio = min(1.0, max(0.0, ratio))
    eighths = max(round(ratio * width * 8), 1 if ratio > 0 else 0)
    full, part = divmod(eighths, 8)
    text = "█" * full + (EIGHTHS[part] if part else "")
    return text + empty * (width - len(text))


def columns(values: Sequence[float | None], width: int, height: int, top: float | None = None) -> list[str]:
    """Return a chart of ``height`` lines, one column a value; what is not 0 shows at least one level.

    Args:
        values: one a column; None is left blank. More than ``width`` are cut, fewer are padded.
        width: cells, at least 0.
        height: lines, each of eight levels.
        top: the value of a full column; the largest value when None.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    top = top if top is not None else max(known, default=0.0)
    levels = [_level(value, top, height) for value in values[:width]]
    lines = []
    for base in range(8 * (height - 1), -1, -8):
        shapes = [LEVELS[min(8, max(0, level - base))] for level in range(8 * height + 1)]
        lines.append("".join([shapes[level] for level in levels]).ljust(width))
    return lines


def _level(value: float | None, top: float, height: int) -> int:
    if value is None or not value > 0 or top <= 0:  # not a number is not above 0
        return 0
    return 8 * height if value >= top else round(value / top * 8 * height) or 1
