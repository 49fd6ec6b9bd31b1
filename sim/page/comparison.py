"""What changed from one run of a scenario to another: figures with their noise, decisions, money, alerts, config."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np

from actors.core.arrays import F64, I64
from actors.core.errors import InputError, OutputError
from actors.telemetry.histogram_counts import COUNTERS, HIGHEST_US, highest_us
from actors.telemetry.metrics.latency import PERCENTS
from sim.chance import Streams
from sim.exit_codes import INTERRUPTED
from sim.page.recorded import Interval, RecordedRun
from sim.report.figures import US_PER_MS
from sim.report.run_folder import DECISIONS
from sim.report.summary import Summary

RESAMPLES: Final = 200
SURE: Final = 2.0  # standard deviations, beyond which a change is hardly chance
CONTEXT: Final = 2
MOST_LINES: Final = 400  # of what differs between two scenarios

Worse = Literal["more", "less"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One figure in two runs.

    Attributes:
        name: as in an expectation.
        unit: of both values.
        before: in the first run; null without one.
        after: in the second run.
        noise: how far their difference swings by chance, one standard deviation; null where that is not known.
        worse: which direction is for the worse.
        bounded: whether ``after`` is the least that it can be: a percentile beyond the histogram.
    """

    name: str
    unit: str
    before: float | None
    after: float | None
    noise: float | None = None
    worse: Worse = "more"
    bounded: bool = False

    @property
    def by(self) -> float | None:
        """How much worse the second run is, as a share of the first; below 0 it is better."""
        if self.before is None or self.after is None:
            return None
        more = self.after - self.before if self.worse == "more" else self.before - self.after
        if not more:
            return 0.0
        return more / abs(self.before) if self.before else np.copysign(np.inf, more)

    @property
    def by_chance(self) -> bool:
        """Whether the change is within what is seen by chance."""
        if self.noise is None or self.before is None or self.after is None:
            return False
        return abs(self.after - self.before) <= SURE * self.noise


class Flips(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions of transactions that are the same in both runs.

    Attributes:
        same: transactions with one id, card, event time and amount in both.
        flipped: those of them that were decided otherwise, by kind, as in ``approve_to_block``.
        modes: those of them in another mode.
    """

    same: int = 0
    flipped: dict[str, int] = {}
    modes: int = 0

    @property
    def count(self) -> int:
        """How many were decided otherwise."""
        return sum(self.flipped.values())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of one scenario.

    Attributes:
        changes: figure by figure.
        flips: decision by decision.
        config: lines of a diff of the two scenarios; () where they are the same.
        beyond: a line for each figure that is worse than it may be.
    """

    before: RecordedRun
    after: RecordedRun
    first: Summary
    second: Summary
    changes: tuple[Change, ...]
    flips: Flips
    config: tuple[str, ...]
    beyond: tuple[str, ...] = ()


def compare(before: RecordedRun, after: RecordedRun, tolerances: Sequence[str] = ()) -> Comparison:
    """Return what changed from ``before`` to ``after``.

    Raises:
        OutputError: one has not ended, or its decisions are not whole.
        InputError: they are of other scenarios or models, or a tolerance cannot be used: no figure
            of a run that was broken off says what the whole of it would have come to.
    """
    first, second = _summary(before), _summary(after)
    for what, one, other in (
        ("scenario", first.scenario, second.scenario),
        ("model", first.model or "none", second.model or "none"),
    ):
        if one != other:
            raise InputError(
                f"{before.folder} has the {what} {one}, {after.folder} the {what} {other}: compare runs of one {what}"
            )
    changes = tuple(_changes(before, after, first, second))
    if tolerances:
        for run, summary in ((before, first), (after, second)):
            _refuse_part(run.folder, summary)
    beyond = tuple(filter(None, (_judged(each, changes) for each in tolerances)))
    flips = decision_flips(before.folder / DECISIONS, after.folder / DECISIONS)
    for run, summary in ((before, first), (after, second)):
        _refuse_cut_log(run.folder / DECISIONS, summary)
    config = tuple(_differences(before.scenario, after.scenario))
    return Comparison(before, after, first, second, changes, flips, config, beyond)


def _summary(run: RecordedRun) -> Summary:
    if run.summary is None:
        raise OutputError(f"{run.folder}: its run did not come to its end, so that there is no summary to compare")
    return run.summary


def _refuse_part(folder: Path, summary: Summary) -> None:
    """Refuse a run that did not last as long as it should: less of it is less lost, and less of everything."""
    how = "was interrupted" if summary.exit_code == INTERRUPTED else "was ended by abort_on" if summary.aborted else ""
    if how:
        raise InputError(f"{folder} {how}, and its figures are of a part of the run: --tolerance takes whole runs")


def _refuse_cut_log(file: Path, summary: Summary) -> None:
    """Refuse a log with fewer decisions than were logged: of what is not in it, nobody can say that it is the same."""
    with file.open("rb") as log:
        found = sum(1 for _ in log)
    if found < summary.ledger.logged:
        raise OutputError(
            f"{file}: is not whole: it has {found:,} decisions, and its run logged {summary.ledger.logged:,}"
        )


def _judged(tolerance: str, changes: Sequence[Change]) -> str:
    """Return how a figure is beyond what ``tolerance`` allows; "" where it is not."""
    name, sign, text = tolerance.partition("=")
    known = {each.name: each for each in changes}
    if name not in known:
        raise InputError(f"--tolerance {tolerance}: there is no figure {name}; there are {', '.join(known)}")
    try:
        allowed = float(text.removesuffix("%")) / 100
    except ValueError:
        allowed = -1.0
    if not sign or not text.endswith("%") or not 0 <= allowed < np.inf:
        raise InputError(f"--tolerance {tolerance}: must be a share that is not negative, as in {name}=10%")
    change = known[name]
    if change.by is None:
        raise InputError(f"--tolerance {tolerance}: one of the two runs has no {name}")
    if change.by <= allowed and change.bounded:
        raise InputError(f"--tolerance {tolerance}: {name} of the second run is beyond 1 h, no one knows how far")
    if change.by <= allowed:
        return ""
    chance = ", though that may be chance" if change.by_chance else ""
    return f"{name}: {100 * change.by:.3g} % worse, {100 * allowed:.3g} % allowed{chance}"


def _changes(before: RecordedRun, after: RecordedRun, first: Summary, second: Summary) -> Iterator[Change]:
    noise = _noise(before, after)
    for name in PERCENTS:
        one, other = (getattr(each.stages["latency"], f"{name}_ms") for each in (first, second))
        bounded = f"{name}_ms" in second.stages["latency"].at_least
        yield Change(name=f"latency.{name}", unit="ms", before=one, after=other, noise=noise.get(name), bounded=bounded)
    for name, unit, key, worse in (
        ("latency.mean", "ms", "latency_mean_ms", "more"),
        ("latency.max", "ms", "latency_max_ms", "more"),
        ("throughput", "1/s", "throughput_events_per_sec", "less"),
        ("error_ratio", "ratio", "error_rate", "more"),
        ("live_roc_auc", "score", "live_roc_auc", "less"),
    ):
        yield Change(
            name=name,
            unit=unit,
            before=getattr(first, key),
            after=getattr(second, key),
            worse="less" if worse == "less" else "more",
        )
    for name, unit, key, worse in (
        ("recall", "ratio", "recall", "less"),
        ("precision", "ratio", "precision", "less"),
        ("fraud_loss", "amount", "fraud_loss", "more"),
        ("fraud_prevented", "amount", "fraud_prevented", "less"),
        ("wrongly_blocked", "amount", "wrongly_blocked", "more"),
        ("review_volume", "count", "review_volume", "more"),
    ):
        one, other = (
            float(value) if (value := getattr(each.business, key)) is not None else None for each in (first, second)
        )
        yield Change(name=name, unit=unit, before=one, after=other, worse="less" if worse == "less" else "more")
    fired = (float(sum(each.fired_count for each in summary.alerts)) for summary in (first, second))
    yield Change(name="alerts.fired", unit="count", before=next(fired), after=next(fired))
    false = [float(each.alert_grades.false) for each in (first, second)]
    yield Change(name="alerts.false", unit="count", before=false[0], after=false[1])


def _noise(before: RecordedRun, after: RecordedRun) -> dict[str, float]:
    """Return how far the difference of each percentile swings by chance, ms."""
    here, there = (percentile_noise(run.intervals, _edges(run.summary)) for run in (before, after))
    return {name: float(np.hypot(here[name], there[name])) for name in PERCENTS if name in here and name in there}


def _edges(summary: Summary | None) -> list[float]:
    """Return the instants between which a run is alike: where phases and faults begin and end."""
    spans = () if summary is None else summary.spans
    return sorted({each.start_s for each in spans} | {each.end_s for each in spans if each.end_s is not None})


def percentile_noise(intervals: Sequence[Interval], edges: Sequence[float]) -> dict[str, float]:
    """Return the standard deviation of each percentile of a run, ms, by the bootstrap; {} with too little to tell.

    Whole stretches are drawn, not single transactions: those that are decided together are slow together. They are
    drawn among those of the same phases and faults, whose share of a run is no accident.

    Args:
        intervals: latencies, stretch by stretch.
        edges: where phases and faults begin and end, ascending.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 8.
    """
    known = [each for each in intervals if each.counts.total]
    if len(known) <= CONTEXT:
        return {}
    table = np.zeros((len(known), COUNTERS), dtype=np.int64)
    for row, each in enumerate(known):
        indexes, counters = each.counts.arrays
        table[row, indexes] = counters
    used = np.flatnonzero(table.any(axis=0))
    table = table[:, used]
    tops = np.array([min(highest_us(int(each)), HIGHEST_US) for each in used], dtype=np.float64) / US_PER_MS
    strata = np.searchsorted(edges, [(each.begin_s + each.end_s) / 2 for each in known])
    found = np.empty((RESAMPLES, len(PERCENTS)))
    chance = Streams(0)["bootstrap"]
    for number in range(RESAMPLES):
        drawn = _drawn(strata, chance)
        found[number] = _percentiles(table[drawn].sum(axis=0), tops)
    return dict(zip(PERCENTS, found.std(axis=0).round(6).tolist(), strict=True))


def _drawn(strata: I64, chance: np.random.Generator) -> I64:
    rows = [np.flatnonzero(strata == each) for each in np.unique(strata)]
    drawn: I64 = np.concatenate([each[chance.integers(len(each), size=len(each))] for each in rows])
    return drawn


def _percentiles(counts: I64, tops: F64) -> list[float]:
    ranks = np.cumsum(counts)
    return [float(tops[np.searchsorted(ranks, max(1.0, percent * ranks[-1] / 100))]) for percent in PERCENTS.values()]


def decision_flips(before: Path, after: Path) -> Flips:
    """Return which decisions changed, of those transactions that are the same in both logs.

    Raises:
        OutputError: one of the logs cannot be read.
    """
    import polars as pl

    for file in (before, after):
        if not file.is_file():
            raise OutputError(f"{file}: cannot be read: no such file; decisions are compared line by line")
    if not (before.stat().st_size and after.stat().st_size):
        return Flips()
    fields = {"id": pl.String, "card": pl.String, "event_time": pl.Int64, "amount": pl.Float64}
    shape = {**fields, "decision": pl.String, "mode": pl.String}
    logs = [pl.scan_ndjson(file, schema=shape, ignore_errors=True) for file in (before, after)]
    try:
        joined = logs[0].join(logs[1], on=list(fields), suffix="_after")
        counted = joined.group_by("decision", "decision_after", "mode", "mode_after").len().collect().sort(pl.all())
    except pl.exceptions.PolarsError as error:
        raise OutputError(f"{before} or {after}: is no decision log: {' '.join(str(error).split())[:120]}") from error
    flipped: dict[str, int] = {}
    same = modes = 0
    for old, new, mode, mode_after, count in counted.iter_rows():
        same += count
        modes += count if mode != mode_after else 0
        if old != new:
            flipped[f"{old}_to_{new}"] = flipped.get(f"{old}_to_{new}", 0) + count
    return Flips(same=same, flipped=flipped, modes=modes)


def _differences(before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", n=CONTEXT, lineterm="")
    for number, line in enumerate(lines):
        if number == MOST_LINES:
            yield "…"
            return
        yield line
