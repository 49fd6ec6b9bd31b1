"""How good the model is: its scores, drift, quality, the money it saved or cost."""

import math
from itertools import pairwise

from dashboard.charts import bar, columns, resample, time_axis
from dashboard.frame import Frame, Section, Series
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry, row
from dashboard.theme import ACCENT, BAD, DIM, GOOD, LABEL, PLAIN, mark
from dashboard.units import WIDTH, count, money, number, percent


class Scores(Section, frozen=True, kw_only=True):
    """Histogram of scores over [0, 1] in even bins (50), the last 10 s; thresholds of review and block."""

    counts_10s: tuple[int, ...]
    mean_10s: float | None
    reference_mean: float | None
    review_threshold: float
    block_threshold: float


_CHART_LINES = 2  # below the chart: the axis and the means


def draw_scores(frame: Frame, width: int, height: int) -> list[Row]:
    """Return a histogram on a logarithmic scale, since nearly all scores are close to 0."""
    data = frame.section(Scores)
    if data is None:
        return []
    counts = _spread(data.counts_10s, max(1, width - 2))
    lines = max(1, height - _CHART_LINES)
    chart = columns([math.log1p(max(0, total)) for total in counts], len(counts), lines)
    rows = [row(" ", (line, ACCENT)) for line in chart]
    rows.append(row(" ", (_score_axis(data, len(counts)), DIM)))
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


def _score_axis(data: Scores, width: int) -> str:
    """Return the axis with an arrow under each threshold."""
    line = list("0" + "─" * max(0, width - 2) + "1"[: width - 1])
    for threshold, word in ((data.review_threshold, "review"), (data.block_threshold, "block")):
        at = min(max(0, int(threshold * width)), width - 1)
        for offset, char in enumerate(f"▲{word}"):
            if at + offset < width - 1:
                line[at + offset] = char
    return "".join(line)


SCORES_PANEL = Panel(
    "scores", draw_scores, lambda frame: frame.has(Scores), remark=lambda _f, _w: "last 10 s, log scale"
)


class Drift(Section, frozen=True, kw_only=True):
    """PSI of features against training, the last 10 s unless ``covers`` says otherwise.

    Attributes:
        features: name and PSI, highest first; as many as there are.
        limit: PSI at which the alert fires.
        samples_count: rows the figures rest on.
        covers: the span, in words.
    """

    features: tuple[tuple[str, float], ...]
    limit: float
    samples_count: int
    covers: str = "last 10 s"


_ROOMY = 48  # from here on there is room for the number of rows
_PSI_BAR = 8  # cells; a full bar is the limit


def draw_drift(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the highest PSI first; a full bar is the limit."""
    data = frame.section(Drift)
    if data is None:
        return []
    rows = []
    for name, psi in data.features[:height]:
        over = psi >= data.limit
        filled = bar(psi / data.limit if data.limit > 0 else None, _PSI_BAR)
        style = BAD if over else ACCENT
        cells = [(number(psi), BAD if over else PLAIN), (filled, style)]
        rows.append(entry((name, LABEL), cells, width, mark(over)))
    return rows or [row("   ", ("no samples yet", LABEL))]


def _drift_heads(frame: Frame, _width: int) -> tuple[str, ...]:
    data = frame.section(Drift)
    return () if data is None else ("PSI".rjust(WIDTH), f"<{number(data.limit, 2)}".rjust(WIDTH))


def _drift_remark(frame: Frame, width: int) -> str:
    data = frame.section(Drift)
    if data is None:
        return ""
    return data.covers if width < _ROOMY else f"{data.covers}, {count(data.samples_count)} rows"


DRIFT_PANEL = Panel("drift", draw_drift, lambda frame: frame.has(Drift), heads=_drift_heads, remark=_drift_remark)


class QualityFigures(Section, frozen=True, kw_only=True):
    """How good the decisions are where labels are known; ``rolling_auc`` is None until there are enough."""

    rolling_auc: float | None
    target_auc: float
    recall_run_ratio: float | None
    false_positive_run_ratio: float | None
    labelled_run_count: int
    decided_run_count: int
    auc: Series | None = None


_CHANCE = 0.5  # an AUC of one half is chance; the chart begins there


def draw_quality(frame: Frame, width: int, height: int) -> list[Row]:
    """Return rolling AUC, recall, false positives, the labels they rest on, and the AUC's course."""
    data = frame.section(QualityFigures)
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


def _auc(data: QualityFigures, width: int) -> Row:
    low = None if data.rolling_auc is None else data.rolling_auc < data.target_auc
    name = f"AUC {'<' if low else '>'}{data.target_auc:.2f}"
    cells = [(number(data.rolling_auc), BAD if low else PLAIN), ("", DIM)]
    return entry((name, LABEL), cells, width, mark(low))


def _course(frame: Frame, data: QualityFigures, width: int, lines: int) -> list[Row]:
    if data.auc is None or lines < 1:
        return []
    axis = time_axis(frame, max(1, width - 4))
    values = [None if value is None else value - _CHANCE for value in resample(data.auc, axis, min)]
    return [row("   ", (line, ACCENT)) for line in columns(values, axis.width, lines, _CHANCE)]


QUALITY_PANEL = Panel(
    "quality",
    draw_quality,
    lambda frame: frame.has(QualityFigures),
    heads=lambda _frame, _width: ("  rolling", "whole run"),
)


def draw_money(frame: Frame, width: int, height: int) -> list[Row]:
    """Return loss, prevented, wrongly blocked, review volume and the labels they rest on."""
    data = frame.money
    if data is None:
        return []
    share = data.review_run_count / data.decided_run_count if data.decided_run_count else None
    lines = (
        ("fraud loss", "", DIM, money(data.loss), BAD if data.loss > 0 else PLAIN),
        ("prevented", "", DIM, money(data.prevented), GOOD if data.prevented > 0 else PLAIN),
        ("wrongly blocked", count(data.wrongly_blocked_run_count), DIM, money(data.wrongly_blocked), PLAIN),
        ("sent to review", count(data.review_run_count), DIM, percent(share), PLAIN),
        ("labelled", count(data.labelled_run_count), DIM, f"of {count(data.decided_run_count)}", DIM),
    )
    rows = [entry((name, LABEL), [(number, dim), (value, style)], width) for name, number, dim, value, style in lines]
    return rows[:height]


def _money_remark(frame: Frame, width: int) -> str:
    data = frame.money
    return f"of {count(data.labelled_run_count)} labelled" if data and width >= 46 else ""  # noqa: PLR2004


MONEY_PANEL = Panel(
    "money",
    draw_money,
    lambda frame: frame.money is not None,
    heads=lambda _frame, _width: ("    count", "whole run"),
    remark=_money_remark,
)
