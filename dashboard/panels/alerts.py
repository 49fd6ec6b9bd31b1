"""What a run is watched for: alerts that fire, expectations that must hold."""

from typing import Final

from dashboard.frame import AlertRow, ExpectationRow, Frame
from dashboard.panels.panel import Panel
from dashboard.rows import Row, left, right, row
from dashboard.theme import ALERTS, DIM, EXPECTATIONS, LABEL, PLAIN
from dashboard.units import WIDTH, age

_ALERT_ORDER: Final = ("firing", "pending", "resolved")
_ALERT_STATE = 9  # "resolved" and a blank
_ALERT_AGE = 8
_ALERT_NAME = 24
_ALERT_WIDE = 90  # from here on the value fits beside the name


def draw_alerts(frame: Frame, width: int, height: int) -> list[Row]:
    """Return those that are not inactive, most urgent first; the last line counts the rest, where that is told.

    Each takes a second line, for its value and who is told, where all have room for one.
    """
    loud = [alert for state in _ALERT_ORDER for alert in frame.alerts if alert.state == state]
    quiet = 0 if frame.rules_hidden else len(frame.alerts) - len(loud)
    shown = loud if len(loud) + (quiet > 0) <= height else loud[: max(0, height - 1)]
    two = 2 * len(shown) + (quiet > 0) <= height
    rows = [line for alert in shown for line in _alert_lines(alert, width, two=two)]
    rest = [f"+{len(loud) - len(shown)} more"] if len(shown) < len(loud) else []
    if quiet:
        rest.append(f"{quiet} of {len(frame.alerts)} rules quiet")
    if frame.rules_hidden and not loud:
        rest.append("no alert has fired")
    return [*rows, row(" ", (ALERTS["inactive"][0], DIM), (f" {' · '.join(rest)}", DIM))] if rest else rows


def _alert_lines(alert: AlertRow, width: int, *, two: bool) -> list[Row]:
    symbol, style = ALERTS[alert.state]
    fixed = 3 + _ALERT_STATE + _ALERT_AGE
    room = max(0, min(_ALERT_NAME, width - fixed))
    line = row(" ", (symbol, style), " ", (left(alert.name, room), LABEL))
    line += row((" " + left(alert.state, _ALERT_STATE - 1), style), (right(age(alert.age_s), _ALERT_AGE - 1), DIM))
    space = width - fixed - room - 2
    tells = f"{alert.severity} → {'acknowledged' if alert.acknowledged else alert.tells}"
    if two and width < _ALERT_WIDE:
        return [line, row("   ", (left(f"{alert.value}, {tells}", max(0, width - 3)), DIM))]
    first = alert.value if two else tells if space >= len(tells) else alert.severity
    if space >= len(alert.severity):
        line += row((f"  {left(first, space)}", DIM))
    return [line, row("   ", (left(tells, width - 3), DIM))] if two else [line]


ALERTS_PANEL = Panel("alerts", draw_alerts, lambda frame: bool(frame.alerts))


_URGENT: Final = ("failed", "inconclusive", "holding", "waiting", "passed", "skipped")
_EXPECTATION_WIDE = 90  # from here on the rule fits beside the value
_EXPECTATION_STATE = 13  # "inconclusive" and a blank
_WORDS = 8  # cells that words need to say anything
_LEAST_NAME = 9


def draw_expectations(frame: Frame, width: int, height: int) -> list[Row]:
    """Return them in the scenario's order; where there is no room, the most urgent, and a count of the rest."""
    rows = frame.expectations
    if len(rows) <= height:
        two = width < _EXPECTATION_WIDE and 2 * len(rows) <= height
        return [line for one in rows for line in _expectation_lines(one, width, two=two)]
    urgent = sorted(range(len(rows)), key=lambda index: _URGENT.index(rows[index].state))
    shown = sorted(urgent[: max(0, height - 1)])
    hidden = [rows[index].state for index in sorted(set(range(len(rows))) - set(shown))]
    counts = ", ".join(f"{hidden.count(state)} {state}" for state in _URGENT if state in hidden)
    return [
        *(_expectation_lines(rows[index], width, two=False)[0] for index in shown),
        row(" ", (left(f"+ {counts}", max(0, width - 2)), DIM)),
    ]


def _expectation_lines(one: ExpectationRow, width: int, *, two: bool) -> list[Row]:
    symbol, style = EXPECTATIONS[one.state]
    fixed = 3 + _EXPECTATION_STATE + WIDTH + 2
    room = max(0, min(24, width - fixed))
    space = width - fixed - room - 2
    words, alone = after_samples(one, one.note or one.wanted), share(one)
    spare = room - len(alone) - 1  # of the name, where there is no room for words beside the value
    counts = f" {alone}" if alone and not two and space <= _WORDS and spare >= _LEAST_NAME else ""
    line = row(" ", (symbol, style), " ", (left(one.name, room - len(counts)), LABEL))
    line += row((" " + left(one.state, _EXPECTATION_STATE - 1), style), (counts, DIM))
    apart = " " if counts else ""  # a value that fills its column would run into them
    line += row((apart + right(one.value, WIDTH + 2 - len(apart)), PLAIN if one.state != "waiting" else DIM))
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


EXPECTATIONS_PANEL = Panel("expectations", draw_expectations, lambda frame: bool(frame.expectations))
