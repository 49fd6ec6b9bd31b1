"""Expectations: what must hold, and whether it does."""

from typing import Final

from dashboard.frame import ExpectationRow, Frame
from dashboard.panels.panel import Panel
from dashboard.rows import Row, left, right, row
from dashboard.theme import DIM, EXPECTATIONS, LABEL, PLAIN
from dashboard.units import WIDTH

_URGENT: Final = ("failed", "inconclusive", "holding", "waiting", "passed", "skipped")
_WIDE = 90  # from here on the rule fits beside the value
_STATE = 13  # "inconclusive" and a blank


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return them in the scenario's order; where there is no room, the most urgent, and a count of the rest."""
    rows = frame.expectations
    if len(rows) <= height:
        two = width < _WIDE and 2 * len(rows) <= height
        return [line for one in rows for line in _lines(one, width, two=two)]
    urgent = sorted(range(len(rows)), key=lambda index: _URGENT.index(rows[index].state))
    shown = sorted(urgent[: max(0, height - 1)])
    hidden = [rows[index].state for index in sorted(set(range(len(rows))) - set(shown))]
    counts = ", ".join(f"{hidden.count(state)} {state}" for state in _URGENT if state in hidden)
    return [
        *(_lines(rows[index], width, two=False)[0] for index in shown),
        row(" ", (left(f"+ {counts}", max(0, width - 2)), DIM)),
    ]


def _lines(one: ExpectationRow, width: int, *, two: bool) -> list[Row]:
    symbol, style = EXPECTATIONS[one.state]
    fixed = 3 + _STATE + WIDTH + 2
    room = max(0, min(24, width - fixed))
    line = row(" ", (symbol, style), " ", (left(one.name, room), LABEL), (" " + left(one.state, _STATE - 1), style))
    line += row((right(one.value, WIDTH + 2), PLAIN if one.state != "waiting" else DIM))
    words = one.why
    if two:
        return [line, row("   ", (left(words, max(0, width - 3)), DIM))]
    space = width - fixed - room - 2
    return [[*line, *row((f"  {left(words, space)}", DIM))]] if space > 8 else [line]  # noqa: PLR2004


PANEL = Panel("expectations", draw, lambda frame: bool(frame.expectations))
