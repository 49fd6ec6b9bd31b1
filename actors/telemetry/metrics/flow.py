"""Where transactions go: offered, sent, decided, gone wrong. All of it comes from the ledger."""

from collections.abc import Iterator

from actors.messages import Mode
from actors.telemetry.metrics.metric import Metric, counted, per_second, reading, share
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.units import Unit


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
    books = snapshot.ledger
    crashed = books.dead_lettered_by_reason.get("poison", 0)
    return books.decided_by_mode[Mode.DEFAULT] + books.log_failed + books.undelivered + crashed


def flow_metrics() -> Iterator[Metric]:
    """Yield rates and shares of the flow."""
    yield per_second("offered_rate", "transactions that became due", offered)
    yield per_second("throughput", "transactions decided", decided)
    yield share("sent_ratio", "sent, of those due", produced, offered)
    yield share("volume_ratio", "scored by the model, of those due", lambda s: s.scores.total, offered)
    yield share(
        "error_ratio",
        "`default` decisions, failed log lines, undelivered decisions and crashes, of those sent; invalid input apart",
        errors,
        produced,
    )
    yield share("dead_letter_ratio", "set aside undecided, of those sent", lambda s: s.ledger.dead_lettered, produced)
    yield share("duplicate_ratio", "with an id seen before, of those sent", lambda s: s.ledger.duplicate, produced)
    yield counted("dead_letters", "transactions set aside undecided", lambda s: s.ledger.dead_lettered)
    yield counted("duplicates", "transactions whose id was seen before", lambda s: s.ledger.duplicate)
    yield counted("log_failed", "decisions that could not be logged", lambda s: s.ledger.log_failed)
    yield counted("undelivered", "decisions that were given up undelivered", lambda s: s.ledger.undelivered)
    yield reading(
        "awaiting_delivery",
        Unit.COUNT,
        "decisions on their way to the caller, those included that are tried again",
        lambda window: window.newer.ledger.waiting.awaiting_delivery,
    )
    yield Metric(
        "ledger.balanced",
        Unit.COUNT,
        "1 as long as every transaction has been accounted for at every reading of the run, else 0",
        lambda window: float(not window.newer.imbalances),
        instant=True,
        lasting=True,
    )
