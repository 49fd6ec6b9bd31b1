"""The course of a run: a line a second in its folder while it lasts, so that one that is killed has left it too.

Counts are those of the line's own span, so that the lines add up to the figures of the summary. Nothing is kept in
memory but the snapshot that the last line ended with.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from actors.core.batches import Decision
from actors.core.clock import NS_PER_S
from actors.core.errors import OutputError
from actors.telemetry.metrics.catalogue import read
from actors.telemetry.metrics.latency import PERCENTS
from actors.telemetry.snapshot import ActorGauge, Snapshot
from actors.telemetry.stages import Stage
from actors.telemetry.window import Window
from sim.report.jsonl import JsonLines
from sim.report.run_folder import SERIES, read_regular

FORMAT: Final = 1
INTERVAL_S: Final = 1.0


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: what was run, for a run that was killed before it could write a summary.

    Attributes:
        format: of this file.
        scenario: its name; "" in a blind drill.
        digest: of the scenario; "" in a blind drill.
        planned_s: how long it sends for; null where it sends as fast as the pipeline takes it.
        interval_s: what a line covers, at the least.
        overrides: ``PATH=VALUE`` each, as on the command line.
        machine: on which it was made.
    """

    format: int = FORMAT
    scenario: str = ""
    digest: str = ""
    clock: str = ""
    seed: int | None = None
    model: str = ""
    planned_s: float | None = None
    interval_s: float = INTERVAL_S
    overrides: tuple[str, ...] = ()
    machine: str = ""


class StoreUse(NamedTuple):
    """What the feature store did in a span; times in µs, null without look-ups."""

    look_ups: int
    failed: int
    transactions: int
    stale: int
    missing: int
    p50_us: int | None
    p95_us: int | None


class Worth(NamedTuple):
    """What the decisions were worth, of those whose label is known by now, since the start of the run."""

    labelled: int
    fraud_loss: float
    fraud_prevented: float
    wrongly_blocked: float
    recall: float | None
    roc_auc: float | None


class Sample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: a span of the run, and how it stood at its end.

    Attributes:
        at_s: its end, from the start of the run.
        span_s: how long it is.
        offered: transactions due in it.
        decided: in it.
        unsent: due and not sent yet, at its end; so are the gauges below.
        latency_us: p50, p95, p99, p99.9 and the exact maximum; null without decisions.
        decisions: approve, review, block.
        modes: full, stale, realtime_only, rules, default.
        error_ratio: of transactions that ended badly.
        mailboxes: how many transactions wait in each.
        capacities: how many each mailbox holds.
        busy: share of the time in which each actor worked.
        batch_age_s: of the batch features.
        psi: of the feature that drifted furthest in the last ten seconds, as alerts read it; null with too few rows.
        drifted: which feature that is.
        score_mean: of the model's scores.
        memory_bytes: of this process; null on the virtual clock.
    """

    at_s: float
    span_s: float
    offered: int = 0
    decided: int = 0
    unsent: int = 0
    dead_lettered: int = 0
    duplicate: int = 0
    latency_us: tuple[int | None, ...] | None = None
    decisions: tuple[int, ...] = ()
    modes: tuple[int, ...] = ()
    error_ratio: float | None = None
    mailboxes: dict[str, int] = {}
    capacities: dict[str, int] = {}
    busy: dict[str, float] = {}
    store: StoreUse | None = None
    batch_age_s: float | None = None
    breaker: str = "closed"
    psi: float | None = None
    drifted: str = ""
    score_mean: float | None = None
    worth: Worth | None = None
    memory_bytes: int | None = None


class SeriesLog:
    """Writes the course of a run. A listener of the monitor.

    Args:
        lines: the file.
        header: its first line.
        processes: tells how many processes share the work of each actor.
    """

    def __init__(self, lines: JsonLines, header: Header, processes: Callable[[], int]) -> None:
        self._lines = lines
        self._interval_ns = round(header.interval_s * NS_PER_S)
        self._processes = processes
        self._older: Snapshot | None = None
        self._due_ns = 0
        self._recent: Window | None = None
        lines.add(header)

    def __call__(self, snapshot: Snapshot, recent: Window) -> None:
        """Take in a tick; write a line when its span is over."""
        self._recent = recent
        if self._older is None:
            self._older = snapshot
            self._due_ns = snapshot.at_ns + self._interval_ns
        elif snapshot.at_ns >= self._due_ns:  # of a grid, so that a tick that comes early makes no line longer for good
            self._due_ns += self._interval_ns * (1 + (snapshot.at_ns - self._due_ns) // self._interval_ns)
            self._write(snapshot)

    def finish(self, last: Snapshot) -> None:
        """Write the rest of the run up to ``last``; the file stays open."""
        if self._older is not None and (last.at_ns > self._older.at_ns or _ends(last) != _ends(self._older)):
            self._write(last)

    def _write(self, newer: Snapshot) -> None:
        older, self._older = self._older or newer, newer
        drifts = {} if self._recent is None else self._recent.psi_by_feature
        self._lines.add(_sample(Window(older, newer), drifts, max(1, self._processes())))


def _ends(snapshot: Snapshot) -> int:
    return snapshot.ledger.decided + snapshot.ledger.dead_lettered + snapshot.ledger.duplicate


def _sample(window: Window, drifts: Mapping[str, float], processes: int) -> Sample:
    newer, older = window.newer, window.older
    drifted = max(drifts, key=lambda name: drifts[name], default="")
    latency = window.latency(Stage.LATENCY)
    busy = ((actor.name, _busy(actor, window, processes)) for actor in newer.gauges.actors)
    mailboxes = newer.gauges.mailboxes
    return Sample(
        at_s=round((newer.at_ns - newer.started_ns) / NS_PER_S, 6),
        span_s=round(window.span_s, 6),
        offered=newer.ledger.offered - older.ledger.offered,
        decided=newer.ledger.decided - older.ledger.decided,
        unsent=newer.ledger.unsent,
        dead_lettered=newer.ledger.dead_lettered - older.ledger.dead_lettered,
        duplicate=newer.ledger.duplicate - older.ledger.duplicate,
        latency_us=(*map(latency.percentile_us, PERCENTS.values()), latency.max_us) if latency.total else None,
        decisions=tuple(_kinds(newer, kind) - _kinds(older, kind) for kind in Decision),
        modes=tuple(now - then for now, then in zip(newer.decided_by_mode, older.decided_by_mode, strict=True)),
        error_ratio=read("error_ratio", window),
        mailboxes={box.name: box.depth for box in mailboxes},
        capacities={box.name: box.capacity for box in mailboxes},
        busy={name: share for name, share in busy if share is not None},
        store=_store(window),
        batch_age_s=newer.gauges.batch_age_s,
        breaker=newer.gauges.breaker,
        psi=drifts.get(drifted),
        drifted=drifted,
        score_mean=window.scores.sum / window.scores.total if window.scores.total else None,
        worth=_worth(newer),
        memory_bytes=newer.memory_bytes,
    )


def _kinds(snapshot: Snapshot, kind: Decision) -> int:
    return sum(counts[kind] for counts in snapshot.decisions)


def _busy(actor: ActorGauge, window: Window, processes: int) -> float | None:
    """Return which share of the span an actor worked, on average over its processes; None of one that did nothing."""
    now, then = window.newer.work.get(actor.name), window.older.work.get(actor.name)
    if now is None or not window.span_s:
        return None
    busy_ns = now.busy_ns - (0 if then is None else then.busy_ns)
    return round(busy_ns / NS_PER_S / window.span_s / processes, 4)


def _store(window: Window) -> StoreUse | None:
    now, then = window.newer.counters, window.older.counters
    rows = now.store_rows - then.store_rows
    times = window.latency(Stage.STORE)
    if not rows and not times.total:
        return None
    return StoreUse(
        now.store_lookups - then.store_lookups,
        now.store_errors - then.store_errors,
        rows,
        now.store_stale_rows - then.store_stale_rows,
        now.store_missing_rows - then.store_missing_rows,
        times.percentile_us(50.0),
        times.percentile_us(95.0),
    )


def _worth(snapshot: Snapshot) -> Worth | None:
    known = snapshot.quality
    if known is None or not known.labelled:
        return None
    return Worth(
        known.labelled,
        round(known.fraud_loss, 2),
        round(known.fraud_prevented, 2),
        round(known.wrongly_blocked, 2),
        known.recall,
        known.live_roc_auc,
    )


class Series(NamedTuple):
    """What there is of a series.

    Attributes:
        cut_off: whether the last line is not whole, as after a crash of the machine.
    """

    header: Header
    samples: tuple[Sample, ...]
    cut_off: bool = False


class _Format(msgspec.Struct):
    format: int | Literal[""] = ""


def read_series(folder: Path) -> Series | None:
    """Return the series in the folder of a run; None where none was kept.

    Raises:
        OutputError: it cannot be read, or is of another version.
    """
    path = folder / SERIES
    try:
        lines = read_regular(path)[0].splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
    if not lines:
        return None
    try:
        found = msgspec.json.decode(lines[0], type=_Format).format
        if found != FORMAT:
            raise OutputError(f"{path}: is of format {found or 'unknown'}, and this version reads {FORMAT}")
        header = msgspec.json.decode(lines[0], type=Header)
        samples, cut_off = _samples(lines[1:])
    except msgspec.DecodeError as error:
        raise OutputError(f"{path}: is not the series of a run: {error}") from error
    return Series(header, samples, cut_off)


def _samples(lines: list[bytes]) -> tuple[tuple[Sample, ...], bool]:
    decode = msgspec.json.Decoder(Sample).decode
    samples = [decode(line) for line in lines[:-1]]
    try:
        return tuple(samples + [decode(line) for line in lines[-1:]]), False
    except msgspec.DecodeError:
        return tuple(samples), True
