"""What a verdict rests on: whether anything was decided, with all that decides it, and whether anything was judged."""

from collections.abc import Iterator, Sequence

from actors.messages import Mode
from actors.telemetry.expression import Expression
from actors.telemetry.ledger import LedgerSnapshot
from sim.expectations.result import ExpectationResult
from sim.scenario.expectations import Expectation

SET_ASIDE = frozenset({"dead_letter_ratio", "dead_letters"})
DECIDED = SET_ASIDE | {"throughput", "volume_ratio", "duplicate_ratio", "duplicates"}


def metrics_read(expectations: Sequence[Expectation]) -> frozenset[str]:
    """Return the metrics that ``expectations`` read."""
    expressions = (Expression.parse(each.expr, None) for each in expectations if each.expr is not None)
    return frozenset(name for expression in expressions for name in expression.metrics())


def doubts(ledger: LedgerSnapshot, read: frozenset[str]) -> Iterator[str]:
    """Yield why a run proves nothing, whatever held in it: too little was decided, and no expectation asks about that.

    Args:
        ledger: at the end of the run.
        read: metrics that expectations read.
    """
    if not ledger.decided:
        if not read & DECIDED:
            what = f"of {ledger.produced:,} transactions sent, {apart(ledger)}" if ledger.produced else "none was sent"
            yield f"nothing was decided: {what}"
    elif 2 * ledger.dead_lettered > ledger.produced and not read & SET_ASIDE:
        yield (
            f"more than half was never decided: of {ledger.produced:,} transactions sent, {apart(ledger)}; "
            "if that is meant, let an expectation say so: dead_letter_ratio < 60%"
        )


def apart(ledger: LedgerSnapshot) -> str:
    """Return what became of the transactions that were not decided, in words."""
    by_reason = ", ".join(f"{reason} {count:,}" for reason, count in ledger.dead_lettered_by_reason.items() if count)
    parts = [f"{ledger.dead_lettered:,} became dead letters ({by_reason})"] if ledger.dead_lettered else []
    parts += [f"{ledger.duplicate:,} were duplicates"] if ledger.duplicate else []
    return " and ".join(parts) or "none came to an end"


def remarks(ledger: LedgerSnapshot, expectations: Sequence[ExpectationResult], read: frozenset[str]) -> Iterator[str]:
    """Yield what whoever reads the verdict should know although it changes nothing.

    Args:
        ledger: at the end of the run.
        expectations: as they ended.
        read: metrics that they read.
    """
    if not expectations:
        yield "nothing was judged but the ledger and the load: the scenario has no expectations; add some under expect:"
    by_mode = ledger.decided_by_mode
    if ledger.decided and not by_mode[Mode.FULL] and not any(name.startswith("mode.") for name in read):
        modes = ", ".join(f"{mode.label} {by_mode[mode]:,}" for mode in Mode if by_mode[mode])
        yield f"no decision had all features ({modes}): the pipeline was judged as it is when something is missing"
