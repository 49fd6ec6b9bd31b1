"""Expectations: what must hold, and whether it does."""

from typing import Final

from dashboard.frame import ExpectationRow, Frame
from dashboard.panels.panel import Panel
from dashboard.rows import Row, left, right, row
from dashboard.theme import DIM, EXPECTATIONS, LABEL, PLAIN
from dashboard.units import WIDTH

_URGENT: Final = ("failed", "inconclusive", "holding", "waiting", "passed", "skipped")
_STATE = 13  # "inconclusive" and a blank


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return them in the scenario's order; where there is no room, the most urgent, and a count of the rest."""
    rows = frame.expectations
    if len(rows) <= height:
        return [_line(one, width) for one in rows]
    urgent = sorted(range(len(rows)), key=lambda index: _URGENT.index(rows[index].state))
    shown = sorted(urgent[: max(0, height - 1)])
    hidden = [rows[index].state for index in sorted(set(range(len(rows))) - set(shown))]
    counts = ", ".join(f"{hidden.count(state)} {state}" for state in _URGENT if state in hidden)
    return [*(_line(rows[index], width) for index in shown), row(" ", (left(f"+ {counts}", max(0, width - 2)), DIM))]


def _line(one: ExpectationRow, width: int) -> Row:
    symbol, style = EXPECTATIONS[one.state]
    fixed = 3 + _STATE + WIDTH + 2
    room = max(0, min(24, width - fixed))
    line = row(" ", (symbol, style), " ", (left(one.name, room), LABEL), (" " + left(one.state, _STATE - 1), style))
    line += row((right(one.value, WIDTH + 2), PLAIN if one.state != "waiting" else DIM))
    space = width - fixed - room - 2
    return [*line, *row((f"  {left(one.note or one.wanted, space)}", DIM))] if space > 8 else line  # noqa: PLR2004


PANEL = Panel("expectations", draw, lambda frame: bool(frame.expectations))
