"""Stages: where the time goes, against the latency budget at p50."""

from dashboard.frame import Frame, StageTime
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry
from dashboard.theme import BAD, DIM, LABEL, PLAIN, mark
from dashboard.units import WIDTH, latency_us, limit_us

_ROOMY = 44  # from here on there is room for a third column


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return one line a stage in the order of flow; where there is no room, breached and budgeted ones go first."""
    by_weight = sorted(range(len(frame.stages)), key=lambda index: _weight(frame.stages[index]), reverse=True)
    return [_line(frame.stages[index], width) for index in sorted(by_weight[:height])]


def _weight(stage: StageTime) -> tuple[bool, bool, float]:
    return stage.breached, stage.budget_us is not None, stage.p50_10s_us or 0.0


def _line(stage: StageTime, width: int) -> Row:
    known = stage.budget_us is not None and stage.p50_10s_us is not None
    budget = "" if stage.budget_us is None else f"<{limit_us(stage.budget_us)}"
    cells = [(latency_us(stage.p50_10s_us), BAD if stage.breached else PLAIN), (budget, DIM)]
    if width >= _ROOMY:
        cells.append((latency_us(stage.p50_run_us), DIM))
    return entry(
        (stage.stage.replace(".waiting", " wait"), LABEL), cells, width, mark(stage.breached if known else None)
    )


def _heads(_frame: Frame, width: int) -> tuple[str, ...]:
    heads = ("last 10 s", "budget".rjust(WIDTH))
    return (*heads, "whole run") if width >= _ROOMY else heads


PANEL = Panel("stages p50", draw, lambda frame: bool(frame.stages), heads=_heads)
