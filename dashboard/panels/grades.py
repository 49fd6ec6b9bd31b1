"""How the alerts of a run did, as a table under the verdict: what saw which fault, and how soon."""

from typing import Final

from rich.style import Style

from dashboard.frame import Part, Section
from dashboard.rows import Row, left, right, row
from dashboard.theme import BAD, CARE, GOOD, LABEL, PLAIN, STRONG
from dashboard.units import ABSENT, span_us

_FAULT: Final = 23
_ALERT: Final = 22
_TIME: Final = 9
_INDENT: Final = 3
_US: Final = 1e6


class GradedFault(Part, frozen=True, kw_only=True):
    """What one alert did about one fault.

    Attributes:
        detected_after_s: from the injection to its first firing.
        resolved_after_s: from the lift to the end of its last firing; None where that did not come.
        lasts: whether there was a lift to count from.
    """

    fault: str
    alert: str
    detected_after_s: float
    resolved_after_s: float | None
    lasts: bool


class Graded(Section, frozen=True):
    """How the alerts of a run did.

    Attributes:
        faults: each fault with each alert that saw it, first come first.
        unseen: faults that no alert saw.
        silent: faults with alerts that were to see them and did not.
        loud: alerts that fired while nothing was wrong or flapped, with how often each.
    """

    faults: tuple[GradedFault, ...] = ()
    unseen: tuple[str, ...] = ()
    silent: tuple[tuple[str, str], ...] = ()
    loud: tuple[tuple[str, int, int], ...] = ()


def grade_rows(graded: Graded | None) -> list[Row]:
    """Return the table; no rows where there was nothing to see and nothing was seen."""
    if graded is None or not (graded.faults or graded.unseen or graded.silent or graded.loud):
        return []
    rows = [_line(LABEL, "fault", "seen by", "after", "resolved")] if _of_faults(graded) else []
    rows += [_line(PLAIN, one.fault, one.alert, _after(one.detected_after_s), _resolved(one)) for one in graded.faults]
    rows += [_said(name, ("no alert saw it", CARE)) for name in graded.unseen]
    rows += [_said(fault, (f"not seen by {alert}", BAD)) for fault, alert in graded.silent]
    if not graded.loud:
        return [*rows, _said("", ("no false alarm, no flap", GOOD))]
    rows += [[]] if rows else []
    rows.append(_line(LABEL, "alert", "false alarms, flaps", "", ""))
    for alert, false, flaps in graded.loud:
        counts = [_counted(false, "false alarm")] * bool(false) + [_counted(flaps, "flap")] * bool(flaps)
        rows.append(_said(alert, (", ".join(counts), CARE)))
    return rows


def _of_faults(graded: Graded) -> bool:
    return bool(graded.faults or graded.unseen or graded.silent)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _said(fault: str, *pieces: tuple[str, Style]) -> Row:
    return row(" " * _INDENT, (left(fault, _FAULT), STRONG), *pieces)


def _line(style: Style, *cells: str) -> Row:
    fault, alert, after, resolved = cells
    return row(
        " " * _INDENT,
        (left(fault, _FAULT), style),
        (left(alert, _ALERT), style),
        (right(after, _TIME), style),
        (f"  {resolved}", style),
    )


def _after(span_s: float) -> str:
    return span_us(_US * span_s)


def _resolved(one: GradedFault) -> str:
    if not one.lasts:
        return ABSENT
    if one.resolved_after_s is None:
        return "not resolved"
    return f"{span_us(_US * one.resolved_after_s)} after its end" if one.resolved_after_s else "before its end"
