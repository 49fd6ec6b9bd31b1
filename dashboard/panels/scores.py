"""Scores: their distribution over [0, 1], with the thresholds of review and block."""

import math
from itertools import pairwise

from dashboard.bars import columns
from dashboard.frame import Frame, Scores
from dashboard.panels.panel import Panel
from dashboard.rows import Row, row
from dashboard.theme import ACCENT, DIM, LABEL
from dashboard.units import number

_CHART_LINES = 2  # below the chart: the axis and the means


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return a histogram on a logarithmic scale, since nearly all scores are close to 0."""
    data = frame.scores
    if data is None:
        return []
    counts = _spread(data.counts_10s, max(1, width - 2))
    lines = max(1, height - _CHART_LINES)
    chart = columns([math.log1p(max(0, total)) for total in counts], len(counts), lines)
    rows = [row(" ", (line, ACCENT)) for line in chart]
    rows.append(row(" ", (_axis(data, len(counts)), DIM)))
    means = f"mean {number(data.mean_10s)}, in training {number(data.reference_mean)}"
    return [*rows, row(" ", (means, LABEL))]


def _spread(counts: tuple[int, ...], width: int) -> list[float]:
    """Return the bins spread evenly over the width, so that no column counts more bins than another."""
    bins = len(counts)
    edges = [index * bins / width for index in range(width + 1)]
    return [_density(counts, start, end) for start, end in pairwise(edges)] if bins else [0.0] * width


def _density(counts: tuple[int, ...], start: float, end: float) -> float:
    """Return the mean count of the bins between two positions, partly covered bins in part."""
    bins = range(int(start), min(len(counts), math.ceil(end)))
    return sum(counts[at] * (min(end, at + 1) - max(start, at)) for at in bins) / (end - start)


def _axis(data: Scores, width: int) -> str:
    """Return the axis with an arrow under each threshold."""
    line = list("0" + "─" * max(0, width - 2) + "1"[: width - 1])
    for threshold, word in ((data.review_threshold, "review"), (data.block_threshold, "block")):
        at = min(max(0, int(threshold * width)), width - 1)
        for offset, char in enumerate(f"▲{word}"):
            if at + offset < width - 1:
                line[at + offset] = char
    return "".join(line)


PANEL = Panel("scores", draw, lambda frame: frame.scores is not None, remark=lambda _f, _w: "last 10 s, log scale")
