"""Where transactions go: offered, sent, decided as what on which rung, gone wrong."""

from collections.abc import Iterator
from math import inf

from actors.core.batches import Decision, Mode
from actors.telemetry.metrics.metric import Metric, Unit, counted, per_second, reading, share
from actors.telemetry.metrics.series import Sample, Series, level, total, totals
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.window import Window


def _decisions(snapshot: Snapshot) -> Iterator[Sample]:
    for mode, counts in zip(Mode, snapshot.decisions, strict=True):
        for decision, count in zip(Decision, counts, strict=True):
            yield (mode.label, decision.label), count


def _errors(snapshot: Snapshot) -> Iterator[Sample]:
    """Yield promises not kept. Invalid input is not our error; a crash on a transaction that parsed is."""
    ledger = snapshot.ledger
    yield ("default",), snapshot.decided_by_mode[Mode.DEFAULT]
    yield ("log_failed",), ledger.log_failed
    yield ("undelivered",), ledger.undelivered
    yield ("poison",), ledger.dead_letters.get("poison", 0)


def _shed(snapshot: Snapshot) -> Iterator[Sample]:
    yield ("full_mailbox",), snapshot.counters.shed_rows
    yield ("deadline",), snapshot.counters.deadline_rows


def _dead_letters(snapshot: Snapshot) -> Iterator[Sample]:
    for reason, count in snapshot.ledger.dead_letters.items():
        yield (reason,), count


OFFERED = total("transactions_due", "transactions that became due", lambda s: s.ledger.offered)
SENT = total("transactions_sent", "transactions that the producer sent", lambda s: s.ledger.produced)
DECIDED = totals(
    "decisions", "transactions decided, by rung of the ladder and decision", ("mode", "decision"), _decisions
)
SCORED = total("scores", "transactions scored by the model", lambda s: s.scores.total)
ERRORS = totals("errors", "promises not kept, by cause; invalid input apart", ("cause",), _errors)
SHED = totals("shed", "transactions decided by rules to relieve a full mailbox or meet a deadline", ("cause",), _shed)
DEAD_LETTERS = totals("dead_letters", "transactions set aside undecided, by reason", ("reason",), _dead_letters)
DUPLICATES = total("duplicates", "transactions whose id was seen before", lambda s: s.ledger.duplicate)


def flow_series() -> Iterator[Series]:
    """Yield what other systems are told of the ledger beyond what metrics read."""
    yield total("logged", "decisions whose line is in the log", lambda s: s.ledger.logged).series
    yield total("delivered", "decisions that the caller took", lambda s: s.ledger.delivered).series
    yield level("unsent", "transactions due and not sent yet", lambda w: w.newer.ledger.unsent).series
    yield level(
        "in_flight", "transactions sent that have come to no end yet", lambda w: w.newer.ledger.in_flight
    ).series


ERROR_BUDGET = 0.001  # what is promised leaves so much for errors


def flow_metrics() -> Iterator[Metric]:
    """Yield rates and shares of the flow."""
    words = "arrival_rate offered load offered_per_s rate"
    yield per_second("offered_rate", "transactions that became due", OFFERED, also=words)
    words = "tps rps qps http_reqs events_per_sec throughput_events_per_sec throughput_per_s"
    yield per_second("throughput", "transactions decided", DECIDED, also=words)
    what = "sent, of those due; over 1 while a backlog is sent"
    yield share("sent_ratio", what, SENT, OFFERED, at_most=inf)
    what = "scored by the model, of those due; over 1 while a backlog is worked off"
    yield share("volume_ratio", what, SCORED, OFFERED, at_most=inf)
    yield share(
        "error_ratio",
        "`default` decisions, failed log lines, undelivered decisions and crashes, of those sent; invalid input apart",
        ERRORS,
        SENT,
        worse=True,
        also="error_rate errors failure_rate failure_ratio failed http_req_failed",
    )
    what = f"`error_ratio` as a multiple of the error budget, {100 * ERROR_BUDGET:g} %; 1 spends it as fast as it comes"
    words = "burn_rate burn"
    yield share(
        "error_budget.burn_rate", what, ERRORS, SENT, unit=Unit.MULTIPLE, per=ERROR_BUDGET, at_most=inf, also=words
    )
    what = "set aside undecided, of those sent"
    words = "dead_letter_rate dlq_ratio invalid_ratio"
    yield share("dead_letter_ratio", what, DEAD_LETTERS, SENT, worse=True, also=words)
    what = "with an id seen before, of those sent"
    words = "duplicate_rate duplicates_ratio"
    yield share("duplicate_ratio", what, DUPLICATES, SENT, worse=True, also=words)
    what = "transactions set aside undecided"
    yield counted("dead_letters", what, DEAD_LETTERS, also="dlq dead_lettered invalid")
    what = "transactions whose id was seen before"
    yield counted("duplicates", what, DUPLICATES, also="duplicate dupes")
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
    what = "1 as long as every transaction has been accounted for at every reading of the run, else 0"
    yield Metric(
        "ledger.balanced",
        Unit.COUNT,
        what,
        _balanced,
        instant=True,
        lasting=True,
        at_most=1.0,
        also="ledger balanced books",
        level=level("ledger_balanced", what, _balanced),
    )


def _balanced(window: Window) -> float:
    return float(window.newer.ledger.balanced)


def decision_metrics() -> Iterator[Metric]:
    """Yield the share of each mode, of each decision, and of load shedding."""
    for mode in Mode:
        yield _mode_share(mode)
    yield share(
        "degraded_ratio",
        "decided below mode `full`, of all decided",
        DECIDED.unless("mode", Mode.FULL.label),
        DECIDED,
        worse=True,
    )
    for decision in Decision:
        yield _decision_share(decision)
    what = "decided by rules to relieve a full mailbox or meet a deadline"
    yield share("shed_ratio", what, SHED, DECIDED, worse=True, also="shed_rate load_shed dropped")


def _mode_share(mode: Mode) -> Metric:
    what = f"decided in mode `{mode.label}`, of all decided"
    is_error = mode is Mode.DEFAULT
    also = f"{mode.label} mode_{mode.label} {mode.label}_ratio"
    part = DECIDED.where("mode", mode.label)
    return share(f"mode.{mode.label}.ratio", what, part, DECIDED, worse=is_error, also=also)


def _decision_share(decision: Decision) -> Metric:
    what = f"decisions to {decision.label}, of all"
    also = " ".join(f"{decision.label}{end}" for end in ("_ratio", "_rate", "", "s"))
    part = DECIDED.where("decision", decision.label)
    return share(f"decision.{decision.label}.ratio", what, part, DECIDED, also=also)
