"""The charts of a run: from its series to what is drawn."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from actors.core.arrays import F64
from actors.core.batches import Decision, Mode
from actors.telemetry.histogram_counts import HistogramCounts, highest_us
from actors.telemetry.metrics.latency import PERCENTS
from sim.page.chart import Chart, Line, column
from sim.page.words import amount, count, millis, percent, plain, rate
from sim.report.figures import US_PER_MS
from sim.report.series import Sample

PSI_LIMIT: Final = 0.2
BYTES_PER_MB: Final = 1e6
LOG_FROM: Final = 50.0  # between the least and the most, from which on a logarithmic axis shows more
MODE_COLOURS: Final = {Mode.FULL: 0, Mode.STALE: 2, Mode.REALTIME_ONLY: 3, Mode.RULES: 1, Mode.DEFAULT: 6}
DECISION_COLOURS: Final = {Decision.APPROVE: 4, Decision.REVIEW: 1, Decision.BLOCK: 0}
SPECTRUM_MOST: Final = 200  # points of a percentile spectrum


def charts(samples: Sequence[Sample]) -> list[Chart]:
    """Return the charts of a run over its time, those that have anything to show."""
    x = column([each.at_s for each in samples])
    made = (_latency, _throughput, _decisions, _modes, _mailboxes, _busy, _store, _store_times, _drift, _money, _memory)
    return [chart for make in made if (chart := make(x, samples)) is not None and not chart.empty]


def spectrum(counts: HistogramCounts) -> Chart | None:
    """Return the percentile spectrum as HdrHistogram plots it: how slow the slowest are, on a logarithmic axis."""
    if not counts.total:
        return None
    indexes, counters = counts.arrays
    ranks = np.cumsum(counters) / counts.total
    shares = ranks[:-1]
    values_us = np.array([highest_us(int(each)) for each in indexes], dtype=np.float64)
    x = np.concatenate([[1.0], 1 / (1 - shares), [max(2.0, 2.0 * counts.total)]])
    y = np.concatenate([values_us[:1], values_us[:-1], [counts.max_us or values_us[-1]]]) / US_PER_MS
    grid = np.unique(np.searchsorted(x, np.geomspace(1.0, x[-1], SPECTRUM_MOST)).clip(0, len(x) - 1))
    return Chart(
        key="spectrum",
        title="Latency by percentile",
        unit="ms",
        x=x[grid],
        lines=(Line("latency", y[grid], fold="most"),),
        show=millis,
        log=_spreads(y),
        spectrum=True,
        note="The axis is in per cent, and further right is rarer: nine in ten are below the value at 90. The end "
        "is the slowest.",
    )


def _latency(x: F64, samples: Sequence[Sample]) -> Chart:
    names = [each.replace("_", ".") for each in PERCENTS]
    columns = [
        column([None if each.latency_us is None else each.latency_us[place] for each in samples]) / US_PER_MS
        for place in range(len(names) + 1)
    ]
    lines = [
        Line(name, values, colour, fold="most")
        for name, values, colour in zip(names, columns, (2, 0, 1, 3), strict=False)
    ]
    lines.append(Line("slowest", columns[-1], 4, faint=True, fold="most"))
    return Chart(
        "latency",
        "Latency",
        "ms",
        x,
        tuple(lines),
        millis,
        log=_spreads(np.concatenate(columns)),
        note="From when a transaction was due to its decision.",
    )


def _spreads(values: F64) -> bool:
    known = values[~np.isnan(values) & (values > 0)]
    return bool(len(known) and known.max() > LOG_FROM * known.min()) and not bool((values == 0).any())


def _per_s(samples: Sequence[Sample], of: Callable[[Sample], float]) -> F64:
    return column([of(each) / each.span_s if each.span_s else None for each in samples])


def _nth(key: str, place: int) -> Callable[[Sample], float]:
    return lambda each: float(getattr(each, key)[place])


def _throughput(x: F64, samples: Sequence[Sample]) -> Chart:
    lines = (
        Line("decided", _per_s(samples, lambda each: each.decided)),
        Line("offered", _per_s(samples, lambda each: each.offered), 4),
    )
    return Chart("throughput", "Throughput", "transactions a second", x, lines, rate)


def _decisions(x: F64, samples: Sequence[Sample]) -> Chart:
    lines = tuple(
        Line(kind.label, _per_s(samples, _nth("decisions", kind)), colour) for kind, colour in DECISION_COLOURS.items()
    )
    return Chart("decisions", "Decisions", "transactions a second", x, lines, rate, stacked=True)


def _modes(x: F64, samples: Sequence[Sample]) -> Chart:
    lines = tuple(
        Line(mode.label.replace("_", " "), _per_s(samples, _nth("modes", mode)), colour)
        for mode, colour in MODE_COLOURS.items()
        if any(each.modes[mode] for each in samples)
    )
    note = "The rung of the ladder on which each was decided: full is with all features, default is without an answer."
    return Chart("modes", "Modes", "transactions a second", x, lines, rate, stacked=True, note=note)


def _mailboxes(x: F64, samples: Sequence[Sample]) -> Chart:
    names = dict.fromkeys(name for each in samples for name in each.mailboxes)
    lines = [
        Line(name, column([each.mailboxes.get(name) for each in samples]), colour, fold="most")
        for colour, name in enumerate(names)
    ]
    if any(each.unsent for each in samples):
        lines.append(Line("not sent yet", column([each.unsent for each in samples]), 4, fold="most"))
    return Chart("mailboxes", "Waiting in mailboxes", "transactions", x, tuple(lines), count)


def _busy(x: F64, samples: Sequence[Sample]) -> Chart:
    names = dict.fromkeys(name for each in samples for name in each.busy)
    lines = tuple(
        Line(name, 100 * column([each.busy.get(name) for each in samples]), colour) for colour, name in enumerate(names)
    )
    return Chart("busy", "Busy", "%", x, lines, percent, note="Share of its time in which each actor works.")


def _store(x: F64, samples: Sequence[Sample]) -> Chart | None:
    if not any(each.store for each in samples):
        return None
    rows = [each.store for each in samples]
    lines = tuple(
        Line(
            name,
            100 * column([None if row is None else _share(getattr(row, key), getattr(row, of)) for row in rows]),
            colour,
        )
        for name, key, of, colour in (
            ("look-ups failed", "failed", "look_ups", 1),
            ("features missing", "missing", "transactions", 3),
            ("features stale", "stale", "transactions", 2),
        )
    )
    return Chart("store", "Feature store", "%", x, lines, percent, top=1.0)


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _store_times(x: F64, samples: Sequence[Sample]) -> Chart | None:
    rows = [each.store for each in samples]
    lines = tuple(
        Line(name, column([None if row is None else row[place] for row in rows]) / US_PER_MS, colour, fold="most")
        for name, place, colour in (("p95", -1, 0), ("p50", -2, 2))
    )
    if not any(bool((line.values > 0).any()) for line in lines):  # a store in memory, on the virtual clock
        return None
    return Chart("store-times", "Feature store: time of a look-up", "ms", x, lines, millis)


def _drift(x: F64, samples: Sequence[Sample]) -> Chart:
    lines = (Line("furthest feature", column([each.psi for each in samples]), fold="most"),)
    last = next((each.drifted for each in reversed(samples) if each.drifted), "")
    named = f" At the end it is {last}." if last else ""
    return Chart(
        "drift",
        "Drift",
        "PSI",
        x,
        lines,
        plain,
        limits=(("limit", PSI_LIMIT),),
        note=f"Of the feature that is furthest from its training data in the last ten seconds.{named}",
    )


def _money(x: F64, samples: Sequence[Sample]) -> Chart:
    rows = [each.worth for each in samples]
    lines = tuple(
        Line(name, column([None if row is None else getattr(row, key) for row in rows]), colour, fold="last")
        for name, key, colour in (
            ("fraud prevented", "fraud_prevented", 2),
            ("fraud lost", "fraud_loss", 1),
            ("wrongly blocked", "wrongly_blocked", 3),
        )
    )
    note = "Since the start, of those decisions whose label was known by then."
    return Chart("money", "Money", "$", x, lines, amount, note=note)


def _memory(x: F64, samples: Sequence[Sample]) -> Chart:
    values = [None if each.memory_bytes is None else each.memory_bytes / BYTES_PER_MB for each in samples]
    return Chart("memory", "Memory", "MB", x, (Line("resident", column(values), fold="most"),), count)
