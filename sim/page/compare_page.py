"""The page of two runs, and the same in the terminal: what changed."""

import math
from collections.abc import Iterator

import numpy as np

from actors.telemetry.histogram_counts import HistogramCounts
from sim.installation import PROGRAM
from sim.page.blocks import Block, Code, Facts, Page, Paragraph, Section, Table, Tile
from sim.page.chart import Chart, Line, column
from sim.page.comparison import Change, Comparison
from sim.page.figures import Figures
from sim.page.recorded import RecordedRun
from sim.page.rendering import rendered
from sim.page.run_page import figure_of
from sim.page.words import NOTHING, amount, count, millis, percent, plain, rate, some, when
from sim.report.figures import US_PER_MS
from sim.report.summary import Summary
from sim.stdio import without_secrets

_UNITS = {"ms": millis, "1/s": rate, "amount": amount, "count": count, "score": plain}
COLUMNS = ("figure", "before", "after", "change", "by chance ±")
POINTS = 120


def compare_page(found: Comparison) -> str:
    """Return the page of a comparison as HTML."""
    figures = Figures(max(found.before.end_s, found.after.end_s))
    rows = [row(each) for each in found.changes]
    flips = found.flips
    latency = next(each for each in found.changes if each.name == "latency.p99")
    page = Page(
        title=found.first.scenario,
        kind="two riskdrill runs compared",
        verdict="beyond tolerance" if found.beyond else "",
        tone="bad",
        lead=f"Before: {_told(found.before, found.first)}. After: {_told(found.after, found.second)}.",
        reasons=found.beyond,
        tiles=[
            Tile("latency p99", _value(latency, latency.after), f"before {_value(latency, latency.before)}"),
            Tile("decided otherwise", count(flips.count), f"of {count(flips.same)} that are the same"),
            Tile("scenario", "changed" if found.config else "the same"),
        ],
        sections=[
            Section("figures", "Figures", [Table("Figure by figure", COLUMNS, rows), Paragraph(NOISE)]),
            Section("course", "Over time", [figure_of(each, figures) for each in _charts(found)]),
            Section("decisions", "Decisions", list(_decisions(found))),
            Section("verdicts", "Expectations", [_expectations(found)]),
            Section("config", "The scenario", list(_config(found))),
            Section("setting", "How they were made", [_setting(found)]),
        ],
        made=f"Written by {PROGRAM} compare from the files of both runs.",
    )
    return rendered(page, figures.drawn())


def _told(run: RecordedRun, summary: Summary) -> str:
    return f"{run.folder.resolve().name}, {summary.verdict}"


NOISE = (
    "By chance: what the difference swings by when stretches of the two runs are drawn again, two standard deviations. "
    "A smaller change says nothing."
)


def row(change: Change) -> tuple[str, ...]:
    """Return a figure of both runs as texts, in the order of `COLUMNS`."""
    by = change.by
    if by is None:
        changed = NOTHING
    elif not by:
        changed = "the same"
    elif math.isinf(by):
        changed = "from nothing" if by > 0 else "to better than nothing"
    else:
        changed = (
            f"{100 * abs(by):.3g} % {'worse' if by > 0 else 'better'}{', may be chance' if change.by_chance else ''}"
        )
    noise = NOTHING if change.noise is None else _value(change, 2 * change.noise)
    return (change.name, _value(change, change.before), _value(change, change.after), changed, noise)


def _value(change: Change, value: float | None) -> str:
    return percent(100 * some(value)) if change.unit == "ratio" else _UNITS[change.unit](some(value))


def _charts(found: Comparison) -> Iterator[Chart]:
    before, after = found.before, found.after
    if before.samples and after.samples:
        x = column([each.at_s for each in after.samples])
        then_x = column([each.at_s for each in before.samples])
        now, then = (
            column([None if each.latency_us is None else each.latency_us[2] for each in run.samples]) / US_PER_MS
            for run in (after, before)
        )
        known = ~np.isnan(then)
        if known.any():
            then = np.interp(x, then_x[known], then[known], right=np.nan)
            lines = (Line("after", now, fold="most"), Line("before", then, 4, fold="most"))
            yield Chart("p99", "Latency p99", "ms", x, lines, millis)
    counts = [run.latency for run in (before, after)]
    if all(each.total for each in counts):
        grid = np.geomspace(1.0, float(min(each.total for each in counts)), POINTS)
        lines = (Line("after", _at(counts[1], grid)), Line("before", _at(counts[0], grid), 4))
        yield Chart("spectrum", "Latency by percentile", "ms", grid, lines, millis, spectrum=True)


def _at(
    counts: HistogramCounts, grid: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return column([some(counts.percentile_us(100 * (1 - 1 / each))) / US_PER_MS for each in grid.tolist()])


def _decisions(found: Comparison) -> Iterator[Block]:
    flips = found.flips
    if not flips.same:
        yield Paragraph(
            "No transaction is the same in both runs: another seed, or another load. So no decision can have changed."
        )
        return
    yield Paragraph(
        f"{count(flips.same)} transactions are the same in both; {count(flips.count)} of them were decided otherwise, "
        f"{count(flips.modes)} in another mode."
    )
    if flips.flipped:
        rows = [(kind.replace("_to_", " → "), count(number)) for kind, number in sorted(flips.flipped.items())]
        yield Table("Decisions that became others", ("from before to after", "transactions"), rows)


def _expectations(found: Comparison) -> Table:
    then = {each.name: each for each in found.first.expectations}
    now = {each.name: each for each in found.second.expectations}
    rows = []
    for name in dict.fromkeys([*then, *now]):
        states = [each[name].state if name in each else NOTHING for each in (then, now)]
        values = [(each[name].value or NOTHING) if name in each else NOTHING for each in (then, now)]
        rows.append((name, *states, *values))
    return Table("Before and after", ("expectation", "before", "after", "seen before", "seen after"), rows, 5)


def _config(found: Comparison) -> Iterator[Block]:
    if found.config:
        yield Code("What differs", without_secrets("\n".join(found.config)), unfolded=True)
    else:
        yield Paragraph("Both ran the same scenario, to the last value.")


def _setting(found: Comparison) -> Facts:
    pairs = []
    for words, run, summary in (("before", found.before, found.first), ("after", found.after, found.second)):
        versions = ", ".join(f"{name} {number}" for name, number in summary.versions.items())
        parts = (run.header.machine, f"{summary.clock} clock", f"seed {summary.seed}", when(summary.duration_s))
        pairs.append(
            (words, ", ".join(filter(None, (*parts, f"commit {summary.git}" if summary.git else "", versions))))
        )
    return Facts([*pairs, ("model", found.first.model or "none")])
