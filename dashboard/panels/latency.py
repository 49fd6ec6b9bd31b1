"""How much comes in, how fast it is decided: throughput, latency percentiles, stages, the timeline."""

from dashboard.charts import TimeAxis, peak, sparkline
from dashboard.frame import FaultSpan, Frame, Part, PhaseSpan, Section, Series, StepMark, Timeline
from dashboard.panels.panel import GUTTER, NAME, Panel, timed_axis, timed_chart, timed_figures, timed_heads
from dashboard.rows import Piece, Row, ends, entry, left, row
from dashboard.theme import ACCENT, BAD, DIM, FAULTS, LABEL, NOW, PLAIN, SECOND, STEPS, mark
from dashboard.units import WIDTH, clock, latency_us, limit_us, percent, rate


class Latency(Section, frozen=True, kw_only=True):
    """The targets of the latency percentiles and their series, in microseconds."""

    p50_target_us: float | None
    p95_target_us: float | None
    p99_target_us: float | None
    p50: Series
    p95: Series
    p99: Series


_PERCENTILES = ("latency.p50", "latency.p95", "latency.p99")


def draw_latency(frame: Frame, width: int, height: int) -> list[Row]:
    """Return p50, p95 and p99, each to the scale of its own peak."""
    data = frame.section(Latency)
    if data is None:
        return []
    axis = timed_axis(frame, width)
    lines = max(1, height // 3)
    rows: list[Row] = []
    targets_us = (data.p50_target_us, data.p95_target_us, data.p99_target_us)
    for metric, target_us, series in zip(_PERCENTILES, targets_us, (data.p50, data.p95, data.p99), strict=True):
        now_us, run_us = frame.figure(metric).last_10s, frame.figure(metric).run
        over = None if now_us is None or target_us is None else now_us > target_us
        value = (latency_us(now_us), BAD if over else PLAIN)
        gutter = timed_figures(
            metric.removeprefix("latency."), value, latency_mark(over, target_us), latency_us(run_us)
        )
        style = (f"peak {latency_us(peak(series))}", BAD if over else ACCENT)
        rows += timed_chart(gutter, sparkline(series, axis, lines), style, width)
    return rows


def latency_mark(over: bool | None, target_us: float | None) -> Piece:  # noqa: FBT001  a yes, a no, or nothing known
    """Return how a figure stands to its target, in words: "✓ <10 ms", "✗ >10 ms"."""
    if target_us is None:
        return "", DIM
    symbol, style = mark(over)
    return f"{symbol} {'>' if over else '<'}{limit_us(target_us)}", style


LATENCY_PANEL = Panel(
    "latency",
    draw_latency,
    lambda frame: frame.has(Latency),
    remark=lambda _frame, _width: timed_heads("latency", "  target"),
    metrics=_PERCENTILES,
)


_OFFERED, _ACHIEVED = "offered_rate", "throughput"
_KEEPS_UP = 0.95  # of the offered rate; below it arrivals pile up, or a run is inconclusive


def draw_throughput(frame: Frame, width: int, height: int) -> list[Row]:
    """Return offered above achieved, both to the same scale."""
    data = frame.throughput
    if data is None:
        return []
    axis = timed_axis(frame, width)
    lines = max(1, height // 2)
    top = max(peak(data.offered) or 0.0, peak(data.achieved) or 0.0)
    rows: list[Row] = []
    offered, achieved = frame.figure(_OFFERED).last_10s, frame.figure(_ACHIEVED)
    kept = _kept(offered, achieved.last_10s)
    for name, now, check, run, series, style in (
        ("offered", offered, ("", DIM), data.offered_run_per_s, data.offered, SECOND),
        ("achieved", achieved.last_10s, kept, achieved.run, data.achieved, ACCENT),
    ):
        gutter = timed_figures(name, (rate(now), PLAIN), check, rate(run))
        chart = sparkline(series, axis, lines, top)
        rows += timed_chart(gutter, chart, (f"peak {rate(peak(series))}", style), width)
    return rows


def _kept(offered: float | None, achieved: float | None) -> Piece:
    """Return which share of what was offered is decided."""
    if not offered or achieved is None:
        return "", DIM
    symbol, style = mark(achieved < _KEEPS_UP * offered)
    return f"{symbol} {percent(min(achieved / offered, 9.99))}", style


THROUGHPUT_PANEL = Panel(
    "throughput",
    draw_throughput,
    lambda frame: frame.throughput is not None,
    remark=lambda _frame, _width: timed_heads("throughput", "kept up"),
    metrics=(_OFFERED, _ACHIEVED),
)


class StageTime(Part, frozen=True, kw_only=True):
    """Service or waiting time of one stage, with its budget at p50 (None: it has none)."""

    stage: str
    p50_10s_us: float | None
    p50_run_us: float | None
    budget_us: float | None

    @property
    def breached(self) -> bool:
        """Whether the last 10 s are over budget."""
        return self.budget_us is not None and self.p50_10s_us is not None and self.p50_10s_us > self.budget_us


class Stages(Section, frozen=True):
    """The stages in the order of flow."""

    stages: tuple[StageTime, ...]


_ROOMY = 44  # from here on there is room for a third column


def draw_stages(frame: Frame, width: int, height: int) -> list[Row]:
    """Return one line a stage in the order of flow; where there is no room, breached and budgeted ones go first."""
    data = frame.section(Stages)
    if data is None:
        return []
    stages = data.stages
    by_weight = sorted(range(len(stages)), key=lambda index: _stage_weight(stages[index]), reverse=True)
    return [_stage_line(stages[index], width) for index in sorted(by_weight[:height])]


def stage_count(frame: Frame) -> int:
    """Return how many stages there are to show."""
    data = frame.section(Stages)
    return 0 if data is None else len(data.stages)


def _stage_weight(stage: StageTime) -> tuple[bool, bool, float]:
    return stage.breached, stage.budget_us is not None, stage.p50_10s_us or 0.0


def _stage_line(stage: StageTime, width: int) -> Row:
    known = stage.budget_us is not None and stage.p50_10s_us is not None
    budget = "" if stage.budget_us is None else f"<{limit_us(stage.budget_us)}"
    cells = [(latency_us(stage.p50_10s_us), BAD if stage.breached else PLAIN), (budget, DIM)]
    if width >= _ROOMY:
        cells.append((latency_us(stage.p50_run_us), DIM))
    return entry(
        (stage.stage.replace(".waiting", " wait"), LABEL), cells, width, mark(stage.breached if known else None)
    )


def _stage_heads(_frame: Frame, width: int) -> tuple[str, ...]:
    heads = ("last 10 s", "budget".rjust(WIDTH))
    return (*heads, "whole run") if width >= _ROOMY else heads


STAGES_PANEL = Panel("stages p50", draw_stages, lambda frame: frame.has(Stages), heads=_stage_heads)


_KIND = 5  # "fault", "step"
_STATE = 10  # "▲ injected"; only one under way is longer


def draw_timeline(frame: Frame, width: int, height: int) -> list[Row]:
    """Return phases where they are known, one line a fault or step (the last says how many more), and the axis.

    Where there is no room for all, faults that are in go first, then what is nearest in time.
    """
    data = frame.timeline
    if data is None:
        return []
    axis = timed_axis(frame, width)
    now = axis.column(frame.header.elapsed_s)
    phases = [_phases(data, axis, frame.header.elapsed_s)] if data.phases else []
    room = height - len(phases) - 1
    events: list[FaultSpan | StepMark] = [*data.faults, *data.steps]
    first = sorted(events, key=lambda each: _distance(each, frame.header.elapsed_s))[: max(0, room)]
    shown = [
        _fault(each, axis) if isinstance(each, FaultSpan) else _step(each, axis) for each in events if each in first
    ]
    last = _axis_line(axis, now, frame.header.elapsed_s, len(events) - len(shown))
    return [*phases, *shown, last]


def _distance(event: FaultSpan | StepMark, elapsed_s: float) -> tuple[bool, float]:
    """Return how much less an event matters than others now."""
    if isinstance(event, FaultSpan):
        return event.state != "injected", abs(event.start_s - elapsed_s)
    return True, abs(event.at_s - elapsed_s)


def _gutter(name: str, text: str) -> Row:
    return row(" ", left(name, NAME), (left(text, GUTTER - NAME - 3), LABEL), "  ")


def _event(kind: str, state: str, name: str) -> Row:
    """Return what stands left of a fault or step: closer than figures, so that most names are whole."""
    said = f" {left(kind, _KIND)} {state.ljust(_STATE)} "
    return row(said[: _KIND + 2], (f"{said[_KIND + 2 :]}{ends(name, GUTTER - len(said) - 2)}", LABEL), "  ")


def _phases(data: Timeline, axis: TimeAxis, elapsed_s: float) -> Row:
    current = next((phase for phase in data.phases if phase.start_s <= elapsed_s < phase.end_s), None)
    line = _gutter("phases", f"▸ {current.name} {_phase_rate(current)}" if current else "")
    column = 0
    for phase in data.phases:
        start, end = axis.column(phase.start_s), axis.column(phase.end_s)
        if start < column or end <= start:
            continue
        text = left(f"▏{phase.name}", end - start)
        line += row(" " * (start - column), (text, NOW if phase is current else DIM))
        column = end
    return line


def _phase_rate(phase: PhaseSpan) -> str:
    if phase.ramp_to_per_s is None:
        return rate(phase.rate_per_s)
    return f"{rate(phase.rate_per_s).removesuffix('/s').strip()} → {rate(phase.ramp_to_per_s)}"


def _fault(fault: FaultSpan, axis: TimeAxis) -> Row:
    symbol, style = FAULTS[fault.state]
    start = axis.column(fault.start_s)
    end = max(start + 1, axis.column(fault.end_s if fault.end_s is not None else fault.start_s))
    inside = "▼" if fault.end_s is None or end - start < 3 else "├" + "─" * (end - start - 2) + "┤"  # noqa: PLR2004
    return [*_event("fault", f"{symbol} {fault.state}", fault.name), *row(" " * start, (inside, style))]


def _step(step: StepMark, axis: TimeAxis) -> Row:
    symbol, style = STEPS[step.state]
    line = _event("step", f"{symbol} {step.state}", step.name)
    return [*line, *row(" " * min(axis.column(step.at_s), axis.width - 1), ("▼", style))]


def _axis_line(axis: TimeAxis, now: int, elapsed_s: float, hidden: int) -> Row:
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


TIMELINE_PANEL = Panel("timeline", draw_timeline, lambda frame: frame.timeline is not None)
