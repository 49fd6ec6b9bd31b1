"""A chart as a value: what it shows over the time of a run, thinned without losing a peak, and the table behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from actors.core.arrays import F64, I64

POINTS = 1_000  # of a chart at the most: more than a screen has pixels for
ROWS = 40  # of the table behind it

Show = Callable[[float], str]
Fold = Literal["most", "mean", "last"]
"""What a row of the table says of its stretch."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart.

    Attributes:
        name: what it is called.
        values: one for each instant, NaN where there is none.
        colour: which of the page's colours.
        faint: drawn thin and light, as what is beside the point.
        fold: what the table says of a stretch.
    """

    name: str
    values: F64
    colour: int = 0
    faint: bool = False
    fold: Fold = "mean"


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn over one axis.

    Attributes:
        key: its name in the page.
        title: what it shows.
        unit: of its values, as said behind the title.
        x: where the values stand.
        lines: what is drawn, the most important one first.
        show: a value as text.
        stacked: each line upon the one before it.
        log: a logarithmic axis.
        note: what a reader should know.
        top: the axis ends there at the least.
        x_show: an instant as text; by default seconds since the start of the run.
        spectrum: x is a percentile spectrum's, 1 / (1 - share), and not time.
        limits: lines across, each a name and a value.
    """

    key: str
    title: str
    unit: str
    x: F64
    lines: tuple[Line, ...]
    show: Show
    stacked: bool = False
    log: bool = False
    note: str = ""
    top: float | None = None
    spectrum: bool = False
    limits: tuple[tuple[str, float], ...] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether nothing would be seen."""
        return not len(self.x) or all(bool(np.isnan(line.values).all()) for line in self.lines)

    def thinned(self, points: int = POINTS) -> I64:
        """Return which instants are drawn: of each bucket those with the least and the most of every line."""
        return kept([line.values for line in self.lines], points)

    def table(self, rows: int = ROWS) -> list[tuple[float, float, tuple[float, ...]]]:
        """Return rows, each from where to where and a value for every line."""
        if self.spectrum:
            return [(at, at, tuple(line.values[row] for line in self.lines)) for row, at in enumerate(self.x.tolist())]
        pieces = np.array_split(np.arange(len(self.x)), min(rows, len(self.x))) if len(self.x) else []
        found = []
        begin = 0.0
        for piece in pieces:
            values = tuple(_folded(line.values[piece], line.fold) for line in self.lines)
            found.append((begin, float(self.x[piece[-1]]), values))
            begin = float(self.x[piece[-1]])
        return found


def kept(columns: Sequence[F64], points: int) -> I64:
    """Return which rows stay, ascending: of each bucket those with the least and the most of every column.

    Args:
        columns: of one length, NaN where there is no value.
        points: about how many rows may stay; fewer rows all do.

    Example:
        >>> kept([np.array([0.0, 5.0, 1.0, 1.0, -3.0, 1.0, 1.0, 1.0])], 4).tolist()
        [0, 1, 4, 5, 7]
    """
    count = len(columns[0]) if columns else 0
    if count <= points:
        return np.arange(count)
    buckets = max(1, points // (2 * len(columns)))
    edges = np.linspace(0, count, buckets + 1).astype(np.int64)
    stay = np.zeros(count, dtype=np.bool_)
    stay[[0, -1]] = True
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        for column in columns:
            piece = column[begin:end]
            if not np.isnan(piece).all():
                stay[begin + int(np.nanargmin(piece))] = stay[begin + int(np.nanargmax(piece))] = True
            gap = np.flatnonzero(np.isnan(piece))
            stay[begin + gap[:1]] = True  # or a line would be drawn where there was nothing
    rows: I64 = np.flatnonzero(stay)
    return rows


def _folded(values: F64, fold: Fold) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan")
    if fold == "last":
        return float(known[-1])
    return float(known.max() if fold == "most" else known.mean())


def column(values: Sequence[float | None]) -> F64:
    """Return ``values`` as an array, NaN for None."""
    return np.array([np.nan if each is None else each for each in values], dtype=np.float64)
