"""The page of one run."""

from collections.abc import Iterator, Sequence

from sim.installation import PROGRAM
from sim.page.blocks import Block, Code, Facts, Figure, Page, Section, Table, Tile
from sim.page.chart import Chart
from sim.page.figures import COLOURS, HEIGHT, LANE_HEIGHT, Band, Figures, Lane
from sim.page.judged import TONES, judged
from sim.page.recorded import RecordedRun
from sim.page.rendering import rendered
from sim.page.run_charts import charts, spectrum
from sim.page.story import story
from sim.page.words import amount, count, millis, percent, rate, some, when
from sim.report.run_folder import JOURNAL, LATENCY
from sim.report.summary import Summary
from sim.stdio import without_secrets

MOST_LANES = 24


def run_page(run: RecordedRun) -> str:
    """Return the page of ``run`` as HTML."""
    lanes = list(timeline(run))
    figures = Figures(
        run.end_s, [Band(lane.name, *each) for lane in lanes if lane.colour == FAULT for each in lane.stretches]
    )
    return rendered(_page(run, lanes, figures), figures.drawn())


PHASE, FAULT, ALERT = 4, 1, 3  # colours of lanes


def timeline(run: RecordedRun) -> Iterator[Lane]:
    """Yield a lane for the phases, for each fault and for each alert that fired."""
    kinds = (
        ("phase_started", "phase_ended", PHASE),
        ("fault_injected", "fault_lifted", FAULT),
        ("alert_firing", "alert_resolved", ALERT),
    )
    for begins, ends, colour in kinds:
        open_at: dict[str, float] = {}
        found: dict[str, list[tuple[float, float]]] = {}
        for entry in run.journal:
            if entry.kind == begins:
                open_at.setdefault(entry.name, entry.at_s)
                found.setdefault(entry.name, [])
            elif entry.kind == ends and entry.name in open_at:
                found[entry.name].append((open_at.pop(entry.name), entry.at_s))
        for name, at_s in open_at.items():
            found[name].append((at_s, run.end_s))
        for name, stretches in found.items():
            yield Lane(name, tuple(stretches), colour)


def figure_of(chart: Chart, figures: Figures) -> Figure:
    """Return ``chart`` drawn among ``figures``, with the table behind it."""

    def until(begin: float, end: float) -> str:
        return f"{100 * (1 - 1 / end):.6g} %" if chart.spectrum else f"{when(begin)} – {when(end)}"

    rows = [(until(begin, end), *map(chart.show, values)) for begin, end, values in chart.table()]
    columns = ("percentile" if chart.spectrum else "time", *(line.name for line in chart.lines))
    how = (
        ""
        if chart.spectrum
        else ": "
        + ", ".join(
            dict.fromkeys(
                {"most": "the highest", "mean": "the mean", "last": "the last"}[line.fold] for line in chart.lines
            )
        )
        + " value of each stretch"
    )
    named = len(chart.lines) > 1 or chart.stacked
    legend = [(line.name, COLOURS[line.colour]) for line in chart.lines]
    return Figure(
        element=figures.add(chart),
        title=chart.title,
        unit=chart.unit,
        text=f"Chart: {chart.title}, {chart.unit}. The table below it has its figures.",
        legend=legend if named else (),
        table=Table(f"{chart.title}, {chart.unit}{how}", columns, rows),
        note=chart.note,
        height=HEIGHT,
    )


def _page(run: RecordedRun, lanes: Sequence[Lane], figures: Figures) -> Page:
    summary = run.summary
    sections = [
        Section("story", "What happened", [story(run.journal)]),
        Section("course", "Over time", list(_course(run, lanes, figures))),
        *judged(run),
        Section("setting", "How it was made", list(_setting(run))),
    ]
    views = [("whole run", 0.0, max(run.end_s, 1e-3))]
    views += [(lane.name, *stretch) for lane in lanes if lane.colour != ALERT for stretch in lane.stretches[:1]]
    return Page(
        title=run.name,
        kind="riskdrill run",
        sections=[section for section in sections if section.blocks],
        verdict="incomplete" if summary is None else summary.verdict,
        tone="open" if summary is None else TONES.get(summary.verdict, "open"),
        lead="" if summary is None else summary.hypothesis,
        reasons=() if summary is None else summary.reasons,
        notices=list(_notices(run)),
        tiles=[] if summary is None else list(_tiles(summary)),
        views=views if len(views) > 1 and run.samples else (),
        made=f"Written by riskdrill from the files of the run; {PROGRAM} report makes it anew from them.",
    )


def _notices(run: RecordedRun) -> Iterator[str]:
    if run.summary is None:
        yield (
            "This run did not come to its end: it has no summary, and so no verdict. What is here is as far as its "
            f"files go, {when(run.end_s)}."
        )
    if run.series is None:
        yield "No course of the run was kept, so there are no charts over time."
    if not run.journal:
        yield f"{JOURNAL} is not here, or empty: what happened, and when, cannot be told."
    if run.summary is not None:
        if run.summary.ledger.decided and not run.intervals:
            yield f"{LATENCY} is not here, or empty: latency by percentile cannot be told."
        yield from run.summary.warnings


def _tiles(summary: Summary) -> Iterator[Tile]:
    latency = f"p50 {millis(some(summary.latency_p50_ms))}, p95 {millis(some(summary.latency_p95_ms))}"
    yield Tile("decided", count(summary.ledger.decided), f"in {when(summary.duration_s)}")
    yield Tile("latency p99", millis(some(summary.latency_p99_ms)), latency)
    yield Tile("throughput", rate(some(summary.throughput_events_per_sec)))
    yield Tile("errors", percent(100 * some(summary.error_rate)))
    worth = summary.business
    if worth.labelled:
        yield Tile("fraud prevented", amount(worth.fraud_prevented), f"{amount(worth.fraud_loss)} lost")


def _course(run: RecordedRun, lanes: Sequence[Lane], figures: Figures) -> Iterator[Block]:
    if run.samples:
        shown = lanes[:MOST_LANES]
        rows = [
            (lane.name, _WHAT[lane.colour], ", ".join(f"{when(a)} – {when(b)}" for a, b in lane.stretches[:8]))
            for lane in lanes
        ]
        yield Figure(
            element=figures.add_lanes("timeline", shown),
            title="Phases, faults and alerts",
            unit="",
            text="Chart: when phases, faults and alerts began and ended. The table below it has the times.",
            legend=[(_WHAT[each] + "s", COLOURS[each]) for each in dict.fromkeys(lane.colour for lane in shown)],
            table=Table("Phases, faults and alerts", ("name", "what", "when"), rows, words=3),
            height=LANE_HEIGHT * len(shown) + 40,
        )
    for chart in charts(run.samples):
        yield figure_of(chart, figures)
    chart_of_all = spectrum(run.latency)
    if chart_of_all is not None:
        yield figure_of(chart_of_all, figures)


_WHAT = {PHASE: "phase", FAULT: "fault", ALERT: "alert"}


def _setting(run: RecordedRun) -> Iterator[Block]:
    summary, header = run.summary, run.header
    pairs = [
        ("machine", header.machine),
        ("clock", header.clock),
        ("command line", without_secrets(" ".join(header.overrides))),
    ]
    if summary is not None:
        pairs = [
            ("scenario", f"{summary.scenario}, digest {summary.scenario_digest}"),
            ("seed", str(summary.seed)),
            *pairs,
            ("model", summary.model or ""),
            ("engine", str(summary.engine or "")),
            ("trace hash", summary.trace_hash or ""),
            ("commit", summary.git or ""),
            ("versions", ", ".join(f"{name} {number}" for name, number in summary.versions.items())),
        ]
    yield Facts([(name, text) for name, text in pairs if text])
    if run.written:
        yield Code("The scenario as it was written", without_secrets(run.written))
    if run.scenario:
        yield Code("The scenario as it was run, every default written out", without_secrets(run.scenario))
    if run.played:
        yield Code("The scenario as it was played", without_secrets(run.played))
