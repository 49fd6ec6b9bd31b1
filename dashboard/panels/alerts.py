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


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return those that are not inactive, most urgent first; the last line counts the rest."""
    loud = [alert for state in _ORDER for alert in frame.alerts if alert.state == state]
    quiet = len(frame.alerts) - len(loud)
    shown = loud if len(loud) + (quiet > 0) <= height else loud[: max(0, height - 1)]
    rows = [_line(alert, width) for alert in shown]
    rest = [f"+{len(loud) - len(shown)} more"] if len(shown) < len(loud) else []
    if quiet:
        rest.append(f"{quiet} of {len(frame.alerts)} rules quiet")
    return [*rows, row(" ", (ALERTS["inactive"][0], DIM), (f" {' · '.join(rest)}", DIM))] if rest else rows


def _line(alert: AlertRow, width: int) -> Row:
    symbol, style = ALERTS[alert.state]
    fixed = 3 + _STATE + _AGE
    room = max(0, min(26, width - fixed))
    line = row(" ", (symbol, style), " ", (left(alert.name, room), LABEL))
    line += row((" " + left(alert.state, _STATE - 1), style), (right(age(alert.age_s), _AGE - 1), DIM))
    space = width - fixed - room - 2
    return [*line, *row((f"  {left(_detail(alert, space), space)}", DIM))] if space > 8 else line  # noqa: PLR2004


def _detail(alert: AlertRow, space: int) -> str:
    value = f"{alert.value}   "
    tells = f"{alert.severity} → {alert.tells}"
    return f"{left(value, 36)}{tells}" if space > 80 else f"{value}{tells}"  # noqa: PLR2004  room for columns


PANEL = Panel("alerts", draw, lambda frame: bool(frame.alerts))
