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
_WORDS = 8  # cells that words need to say anything
_LEAST_NAME = 9


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
    space = width - fixed - room - 2
    words, alone = after_samples(one, one.note or one.wanted), share(one)
    spare = room - len(alone) - 1  # of the name, where there is no room for words beside the value
    counts = f" {alone}" if alone and not two and space <= _WORDS and spare >= _LEAST_NAME else ""
    line = row(" ", (symbol, style), " ", (left(one.name, room - len(counts)), LABEL))
    line += row((" " + left(one.state, _STATE - 1), style), (counts, DIM))
    line += row((right(one.value, WIDTH + 2), PLAIN if one.state != "waiting" else DIM))
    if two:
        return [line, row("   ", (left(words, max(0, width - 3)), DIM))]
    return [[*line, *row((f"  {left(words, space)}", DIM))]] if space > _WORDS else [line]


def after_samples(one: ExpectationRow, words: str) -> str:
    """Return the samples that the rule was held against, then ``words``."""
    return " · ".join(filter(None, (one.samples, words)))


def share(one: ExpectationRow) -> str:
    """Return k of n of the first percentile as short as it can be said; "" without one.

    Example:
        >>> share(ExpectationRow(name="a", wanted="", state="passed", value="", samples="10 to 14 of 1,200 beyond"))
        '10–14/1,200'
    """
    beyond, of, rest = one.samples.partition(", ")[0].partition(" of ")
    return f"{beyond.replace(' to ', '–')}/{rest.partition(' ')[0]}" if of and beyond[-1:].isdigit() else ""


PANEL = Panel("expectations", draw, lambda frame: bool(frame.expectations))
