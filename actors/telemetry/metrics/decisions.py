"""What was decided, and on which rung of the ladder."""

from collections.abc import Iterator

from actors.messages import Decision, Mode
from actors.telemetry.metrics.flow import decided
from actors.telemetry.metrics.metric import Metric, share
from actors.telemetry.snapshot import Snapshot


def decision_metrics() -> Iterator[Metric]:
    """Yield the share of each mode, of each decision, and of load shedding."""
    for mode in Mode:
        yield _mode_share(mode)
    yield share("degraded_ratio", "decided below mode `full`, of all decided", _degraded, decided, worse=True)
    for decision in Decision:
        yield _decision_share(decision)
    what = "decided by rules to relieve a full mailbox or meet a deadline"
    yield share("shed_ratio", what, _shed, decided, worse=True, also="shed_rate load_shed dropped")


def _mode_share(mode: Mode) -> Metric:
    what = f"decided in mode `{mode.label}`, of all decided"
    is_error = mode is Mode.DEFAULT
    also = f"{mode.label} mode_{mode.label} {mode.label}_ratio"
    return share(
        f"mode.{mode.label}.ratio", what, lambda s: s.ledger.decided_by_mode[mode], decided, worse=is_error, also=also
    )


def _decision_share(decision: Decision) -> Metric:
    what = f"decisions to {decision.label}, of all"
    also = " ".join(f"{decision.label}{end}" for end in ("_ratio", "_rate", "", "s"))
    return share(f"decision.{decision.label}.ratio", what, lambda s: _of_kind(s, decision), _of_any_kind, also=also)


def _of_kind(snapshot: Snapshot, decision: Decision) -> int:
    return sum(kinds[decision] for kinds in snapshot.decisions)


def _of_any_kind(snapshot: Snapshot) -> int:
    return sum(map(sum, snapshot.decisions))


def _degraded(snapshot: Snapshot) -> int:
    return snapshot.ledger.decided - snapshot.ledger.decided_by_mode[Mode.FULL]


def _shed(snapshot: Snapshot) -> int:
    return snapshot.counters.shed_rows + snapshot.counters.deadline_rows
