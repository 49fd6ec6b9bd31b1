"""The timeline: phases, faults and steps on the same time axis as the sparklines above."""

from dashboard.frame import FaultSpan, Frame, Phase, StepMark, Timeline
from dashboard.panels import timed
from dashboard.panels.panel import Panel
from dashboard.rows import Row, left, row
from dashboard.sparkline import TimeAxis
from dashboard.theme import DIM, FAULTS, LABEL, NOW, STEPS
from dashboard.units import clock, rate

_LEAST_LINES = 2  # phases, and the axis with the time now


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return phases, one line a fault or step (the last says how many more), and the axis."""
    data = frame.timeline
    if data is None:
        return []
    axis = timed.axis(frame, width)
    now = axis.column(frame.header.elapsed_s)
    room = height - _LEAST_LINES
    events = [*(_fault(fault, axis) for fault in data.faults), *(_step(step, axis) for step in data.steps)]
    shown = events[: max(0, room)]
    last = _axis(axis, now, frame.header.elapsed_s, len(events) - len(shown))
    return [_phases(data, axis, frame.header.elapsed_s), *shown, last]


def _gutter(name: str, text: str) -> Row:
    return row(" ", left(name, timed.NAME), (left(text, timed.GUTTER - timed.NAME - 3), LABEL), "  ")


def _phases(data: Timeline, axis: TimeAxis, elapsed_s: float) -> Row:
    current = next((phase for phase in data.phases if phase.start_s <= elapsed_s < phase.end_s), None)
    line = _gutter("phases", f"▸ {current.name} {_rate(current)}" if current else "")
    column = 0
    for phase in data.phases:
        start, end = axis.column(phase.start_s), axis.column(phase.end_s)
        if start < column or end <= start:
            continue
        text = left(f"▏{phase.name}", end - start)
        line += row(" " * (start - column), (text, NOW if phase is current else DIM))
        column = end
    return line


def _rate(phase: Phase) -> str:
    if phase.ramp_to_per_s is None:
        return rate(phase.rate_per_s)
    return f"{rate(phase.rate_per_s).removesuffix('/s').strip()} → {rate(phase.ramp_to_per_s)}"


def _fault(fault: FaultSpan, axis: TimeAxis) -> Row:
    symbol, style = FAULTS[fault.state]
    start = axis.column(fault.start_s)
    end = max(start + 1, axis.column(fault.end_s if fault.end_s is not None else fault.start_s))
    inside = "▼" if fault.end_s is None or end - start < 3 else "├" + "─" * (end - start - 2) + "┤"  # noqa: PLR2004
    return [*_gutter("fault", f"{symbol} {fault.state}  {fault.name}"), *row(" " * start, (inside, style))]


def _step(step: StepMark, axis: TimeAxis) -> Row:
    symbol, style = STEPS[step.state]
    line = _gutter("step", f"{symbol} {step.state}  {step.name}")
    return [*line, *row(" " * min(axis.column(step.at_s), axis.width - 1), ("▼", style))]


def _axis(axis: TimeAxis, now: int, elapsed_s: float, hidden: int) -> Row:
    """Return the marks of start, now and end; the end gives way to the time now."""
    text = f"▲ {clock(elapsed_s)}" if now + 10 < axis.width else f"{clock(elapsed_s)} ▲"
    start = min(now, axis.width - 1) if text.startswith("▲") else max(0, min(now, axis.width - 1) - len(text) + 1)
    line = _gutter("", f"+{hidden} more" if hidden else "")
    line += row(
        (
            ("0:00" if start > 4 else "").ljust(start),  # noqa: PLR2004  room for it and a blank
            DIM,
        ),
        (text, NOW),
    )
    end = clock(axis.end_s)
    space = axis.width - start - len(text) - len(end)
    return [*line, *row((" " * space + end, DIM))] if space > 1 else line


PANEL = Panel("timeline", draw, lambda frame: frame.timeline is not None)
