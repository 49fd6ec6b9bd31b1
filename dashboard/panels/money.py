"""Money: what fraud cost, what was prevented, and what it cost the honest; of labelled decisions only."""

from dashboard.frame import Frame
from dashboard.panels.panel import Panel
from dashboard.rows import Row, entry
from dashboard.theme import BAD, DIM, GOOD, LABEL, PLAIN
from dashboard.units import count, money, percent


def draw(frame: Frame, width: int, height: int) -> list[Row]:
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


def _remark(frame: Frame, width: int) -> str:
    data = frame.money
    return f"of {count(data.labelled_run_count)} labelled" if data and width >= 46 else ""  # noqa: PLR2004


PANEL = Panel(
    "money",
    draw,
    lambda frame: frame.money is not None,
    heads=lambda _frame, _width: ("    count", "whole run"),
    remark=_remark,
)
