"""Where transactions go: offered, sent, decided as what on which rung, gone wrong."""

from collections.abc import Iterator
from math import inf

from actors.core.batches import Decision, Mode
from actors.telemetry.metrics.metric import Metric, Unit, counted, per_second, reading, share
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.window import Window


def offered(snapshot: Snapshot) -> int:
    """Transactions due."""
    return snapshot.ledger.offered


def produced(snapshot: Snapshot) -> int:
    """Transactions sent."""
    return snapshot.ledger.produced


def decided(snapshot: Snapshot) -> int:
    """Transactions decided."""
    return snapshot.ledger.decided


def errors(snapshot: Snapshot) -> int:
    """Promises not kept. Invalid input is not our error; a crash on a transaction that parsed is."""
    ledger = snapshot.ledger
    crashed = ledger.dead_letters.get("poison", 0)
    return snapshot.decided_by_mode[Mode.DEFAULT] + ledger.log_failed + ledger.undelivered + crashed


ERROR_BUDGET = 0.001  # what is promised leaves so much for errors


def _burn_rate(window: Window) -> float | None:
    ratio = window.ratio(errors, produced)
    return None if ratio is None else ratio / ERROR_BUDGET


def flow_metrics() -> Iterator[Metric]:
    """Yield rates and shares of the flow."""
    words = "arrival_rate offered load offered_per_s rate"
    yield per_second("offered_rate", "transactions that became due", offered, also=words)
    words = "tps rps qps http_reqs events_per_sec throughput_events_per_sec throughput_per_s"
    yield per_second("throughput", "transactions decided", decided, also=words)
    what = "sent, of those due; over 1 while a backlog is sent"
    yield share("sent_ratio", what, produced, offered, at_most=inf)
    what = "scored by the model, of those due; over 1 while a backlog is worked off"
    yield share("volume_ratio", what, lambda s: s.scores.total, offered, at_most=inf)
    yield share(
        "error_ratio",
        "`default` decisions, failed log lines, undelivered decisions and crashes, of those sent; invalid input apart",
        errors,
        produced,
        worse=True,
        also="error_rate errors failure_rate failure_ratio failed http_req_failed",
    )
    what = f"`error_ratio` as a multiple of the error budget, {100 * ERROR_BUDGET:g} %; 1 spends it as fast as it comes"
    yield Metric("error_budget.burn_rate", Unit.MULTIPLE, what, _burn_rate, at_most=inf, also="burn_rate burn")
    what = "set aside undecided, of those sent"
    words = "dead_letter_rate dlq_ratio invalid_ratio"
    yield share("dead_letter_ratio", what, lambda s: s.ledger.dead_lettered, produced, worse=True, also=words)
    what = "with an id seen before, of those sent"
    words = "duplicate_rate duplicates_ratio"
    yield share("duplicate_ratio", what, lambda s: s.ledger.duplicate, produced, worse=True, also=words)
    what = "transactions set aside undecided"
    yield counted("dead_letters", what, lambda s: s.ledger.dead_lettered, also="dlq dead_lettered invalid")
    what = "transactions whose id was seen before"
    yield counted("duplicates", what, lambda s: s.ledger.duplicate, also="duplicate dupes")
    yield counted("log_failed", "decisions that could not be logged", lambda s: s.ledger.log_failed)
    yield counted("undelivered", "decisions that were given up undelivered", lambda s: s.ledger.undelivered)
    yield reading(
        "awaiting_delivery",
        Unit.COUNT,
        "decisions on their way to the caller, those included that are tried again",
        lambda window: window.newer.ledger.awaiting_delivery,
    )
    yield reading(
        "awaiting_log",
        Unit.COUNT,
        "decisions that are not in the log yet, those included that are being written",
        lambda window: window.newer.ledger.awaiting_log,
    )
    yield Metric(
        "ledger.balanced",
        Unit.COUNT,
        "1 as long as every transaction has been accounted for at every reading of the run, else 0",
        lambda window: float(window.newer.ledger.balanced),
        instant=True,
        lasting=True,
        at_most=1.0,
        also="ledger balanced books",
    )


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
        f"mode.{mode.label}.ratio", what, lambda s: s.decided_by_mode[mode], decided, worse=is_error, also=also
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
    return snapshot.ledger.decided - snapshot.decided_by_mode[Mode.FULL]


def _shed(snapshot: Snapshot) -> int:
    return snapshot.counters.shed_rows + snapshot.counters.deadline_rows
