"""Alerts: what fires, since when, and who is told."""

from typing import Final

from dashboard.frame import AlertRow, Frame
from dashboard.panels.panel import Panel
from dashboard.rows import Row, left, right, row
from dashboard.theme import ALERTS, DIM, LABEL
from dashboard.units import age

_ORDER: Final = ("firing", "pending", "resolved")
_STATE = 9  # "resolved" and a blank
_AGE = 8
_NAME = 24
_WIDE = 90  # from here on the value fits beside the name


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return those that are not inactive, most urgent first; the last line counts the rest.

    Each takes a second line, for its value and who is told, where all have room for one.
    """
    loud = [alert for state in _ORDER for alert in frame.alerts if alert.state == state]
    quiet = len(frame.alerts) - len(loud)
    shown = loud if len(loud) + (quiet > 0) <= height else loud[: max(0, height - 1)]
    two = 2 * len(shown) + (quiet > 0) <= height
    rows = [line for alert in shown for line in _lines(alert, width, two=two)]
    rest = [f"+{len(loud) - len(shown)} more"] if len(shown) < len(loud) else []
    if quiet:
        rest.append(f"{quiet} of {len(frame.alerts)} rules quiet")
    return [*rows, row(" ", (ALERTS["inactive"][0], DIM), (f" {' · '.join(rest)}", DIM))] if rest else rows


def _lines(alert: AlertRow, width: int, *, two: bool) -> list[Row]:
    symbol, style = ALERTS[alert.state]
    fixed = 3 + _STATE + _AGE
    room = max(0, min(_NAME, width - fixed))
    line = row(" ", (symbol, style), " ", (left(alert.name, room), LABEL))
    line += row((" " + left(alert.state, _STATE - 1), style), (right(age(alert.age_s), _AGE - 1), DIM))
    space = width - fixed - room - 2
    tells = f"{alert.severity} → {alert.tells}"
    if two and width < _WIDE:
        return [line, row("   ", (left(f"{alert.value}, {tells}", max(0, width - 3)), DIM))]
    first = alert.value if two else tells if space >= len(tells) else alert.severity
    if space >= len(alert.severity):
        line += row((f"  {left(first, space)}", DIM))
    return [line, row("   ", (left(tells, width - 3), DIM))] if two else [line]


PANEL = Panel("alerts", draw, lambda frame: bool(frame.alerts))
