"""One process that takes part in a run, and what the screen shows of it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from actors.core.batches import Mode
from actors.core.clock import NS_PER_S
from actors.model.manifest import SHORT_DIGEST
from actors.telemetry.stages import Stage
from dashboard.panels.workers import WorkerRow
from sim.stream.control_messages import STATUS_EVERY_S, Announce, Join, Status

RECENT_S: Final = 10.0
OF_WORKERS: Final = (
    Stage.ASSEMBLER_WAITING,
    Stage.PARSE,
    Stage.STORE,
    Stage.FEATURES,
    Stage.SCORER_WAITING,
    Stage.INFERENCE,
    Stage.DECIDE,
    Stage.LOGGER_WAITING,
    Stage.LOG,
    Stage.LOGGED,
)
"""Stages that are counted in workers; what the run itself sees it counts itself."""


@dataclass(slots=True, eq=False)
class Member:
    """One process that takes part, or took part.

    Attributes:
        statuses: of the last ten seconds, the newest last.
        heard_s: when it was last heard of, on the run's clock.
        state: live, silent, lost or gone.
    """

    join: Join
    heard_s: float
    state: str = "live"
    statuses: deque[Status] = field(default_factory=lambda: deque(maxlen=round(RECENT_S / STATUS_EVERY_S) + 1))

    @property
    def newest(self) -> Status | None:
        """Its last status."""
        return self.statuses[-1] if self.statuses else None


def unfit(asking: Join, announce: Announce) -> str:
    """Return why the worker that is ``asking`` would compute something else than the run wants, "" if it would not."""
    if asking.model != announce.model:
        return f"must begin with model {announce.model[:SHORT_DIGEST]}, and has {asking.model[:SHORT_DIGEST]}"
    if (asking.kernels, asking.version) != (announce.kernels, announce.version):
        ours, theirs = f"{announce.version} ({announce.kernels})", f"{asking.version} ({asking.kernels})"
        return f"all workers must compute the same features: is riskdrill {theirs}, and the run {ours}"
    return ""


def row_of(member: Member, restarts: int, note: str) -> WorkerRow:
    """Return what the screen shows of ``member``.

    Args:
        member: the newest in its place.
        restarts: how often its place was taken again.
        note: why, the last time.
    """
    older, newer = (member.statuses[0], member.statuses[-1]) if member.statuses else (None, None)
    name, state = member.join.worker, member.state
    if older is None or newer is None or not newer.ends.partitions:
        return _idle(name, "joining" if state == "live" else state, restarts, note)
    span_s = (newer.at_ns - older.at_ns) / NS_PER_S
    decided = newer.snapshot.ledger.decided - older.snapshot.ledger.decided
    before, after = older.snapshot.stages.get(Stage.LATENCY), newer.snapshot.stages.get(Stage.LATENCY)
    p95_us = None
    if after is not None:
        p95_us = (after if before is None else after.since(before)).percentile_us(95.0)
    return WorkerRow(
        name=name,
        state=state,
        rate_10s_per_s=decided / span_s if span_s > 0 and state == "live" else None,
        lag=newer.ends.lag,
        p95_10s_us=None if p95_us is None else float(p95_us),
        mode=_mode(older.snapshot.decided_by_mode, newer.snapshot.decided_by_mode),
        restarts=restarts,
        troubled=bool(newer.ends.losing),
        note=note,
    )


def spare_row(state: str, used: int) -> WorkerRow:
    """Return what the screen shows of the process that is to take the place of one, and how often one did."""
    return _idle("spare", state, used, "")


def _idle(name: str, state: str, restarts: int, note: str) -> WorkerRow:
    """Return what is shown of one that decides nothing."""
    return WorkerRow(
        name=name,
        state=state,
        rate_10s_per_s=None,
        lag=None,
        p95_10s_us=None,
        mode=None,
        restarts=restarts,
        note=note,
    )


def _mode(older: Iterable[int], newer: Iterable[int]) -> str | None:
    grown = [now - before for before, now in zip(older, newer, strict=True)]
    return Mode(grown.index(max(grown))).label if any(grown) else None
