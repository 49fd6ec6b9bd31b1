"""The verdict: pass, fail or inconclusive, with every reason, and what it rests on.

What is to blame for load that did not arrive? The producer is ours, so what it does not send in time makes a run
inconclusive: the pipeline was never asked. But a full mailbox blocks the producer on purpose, and what it then cannot
send is the pipeline's answer to overload; it must not excuse the pipeline, nor spoil a scenario about overload. So:

- Lateness is the producer's own: its histogram counts from the end of a block, not from the intended arrival.
- Achieved arrivals are ``produced / offered`` when the schedule ends, where ``offered`` is what was due. They count
  only if the pipeline's first mailbox was less than half full at that instant. With more in it the pipeline was not
  waiting for load: what is unsent waits for the pipeline, and shows as latency, unsent and backpressure. (Half and not
  full, because a mailbox that blocks swings between full and a batch less than full.)
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from actors.core.batches import Mode
from actors.telemetry.expression.expression import Expression
from actors.telemetry.expression.nodes import shown
from actors.telemetry.ledger_snapshot import LedgerSnapshot
from actors.telemetry.metrics.catalogue import METRICS
from actors.telemetry.metrics.metric import Unit, quantity
from actors.telemetry.snapshot import Snapshot
from actors.telemetry.stages import Stage
from sim.exit_codes import FAILED, INCONCLUSIVE, INTERRUPTED, PASS
from sim.faults.fault import FaultRecord
from sim.faults.registry import FAULTS
from sim.judging.result import ExpectationResult
from sim.scenario.scenario import Expectation
from sim.steps.step import StepRecord

ARRIVALS_LEAST = 0.95  # below it another load than the scenario's was measured
LATENESS_P99_MOST_US = 10_000  # a fifth of the 50 ms promised at p95: beyond it the producer blurs what it measures
FIRST_MAILBOXES = ("sender", "assembler")  # on a stream the first, in process the second

IMBALANCE: Final = "the ledger does not balance: "  # begins each reason of that kind
GIVEN_UP: Final = "given up: "  # begins the reason of a run whose actors, or workers, could not be kept going

VerdictWord = Literal["pass", "fail", "inconclusive"]

HOLDING = frozenset(kind for kind, fault in FAULTS.items() if fault.holds_producer)  # then arrivals must be late


class OfferedLoad(msgspec.Struct, frozen=True, kw_only=True):
    """How the load arrived, read when the schedule ended and before the drain.

    Attributes:
        offered: transactions due by then.
        produced: those of them handed over.
        backlogged: the first mailbox was at least half full, so what is missing waits for the pipeline.
        lateness_p99_us: the producer's own lateness; None without a schedule.
    """

    offered: int
    produced: int
    backlogged: bool = False
    lateness_p99_us: int | None = None

    @property
    def achieved_ratio(self) -> float | None:
        """Share of what was due that was handed over; None when nothing was due."""
        return self.produced / self.offered if self.offered else None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended.

    Attributes:
        verdict: a failure beats whatever is inconclusive.
        exit_code: 0 pass, 99 fail, 3 inconclusive, 130 interrupted.
        reasons: one short line each, failures first; empty for a pass.
        failures: how many of them are failures; the rest is in doubt.
    """

    verdict: VerdictWord
    exit_code: int
    reasons: tuple[str, ...] = ()
    failures: int = 0


def offered_load(snapshot: Snapshot) -> OfferedLoad:
    """Return how the load arrived, from the snapshot at the end of the schedule."""
    ledger = snapshot.ledger
    first = next((box for box in snapshot.gauges.mailboxes if box.name in FIRST_MAILBOXES), None)
    lateness = snapshot.stages.get(Stage.LATENESS)
    return OfferedLoad(
        offered=ledger.offered,
        produced=ledger.produced,
        backlogged=first is not None and 2 * first.depth >= first.capacity,
        lateness_p99_us=None if lateness is None else lateness.percentile_us(99.0),
    )


def judge(
    expectations: Sequence[ExpectationResult],
    faults: Sequence[FaultRecord],
    arrivals: OfferedLoad,
    *,
    steps: Sequence[StepRecord] = (),
    empty: Sequence[str] = (),
    imbalances: Sequence[str] = (),
    broken: Sequence[str] = (),
    escalated: str = "",
    interrupted: bool = False,
) -> Verdict:
    """Return the verdict of a run.

    Args:
        expectations: as they ended.
        faults: what each did.
        arrivals: how the load arrived.
        steps: what came of each; a refusal is not a doubt, since a scenario may be about it.
        empty: why the run proves nothing whatever held, see `sim.judging.verdict`.
        imbalances: equations of the ledger that did not hold at some time, in words; any fails the run.
        broken: what else fails a run, in words: a promise that it did not keep, a condition that ended it early.
        escalated: why an actor, or the workers of a stream, were given up; "" if none was.
        interrupted: Ctrl-C ended the run: the exit code says that, whatever the verdict on what was seen.
    """
    failures = [*broken, *_failures(expectations, imbalances, escalated)]
    doubts = _doubts(expectations, faults, steps, arrivals, interrupted=interrupted)
    if not interrupted:
        doubts = [*empty, *doubts]
    word: VerdictWord = "fail" if failures else "inconclusive" if doubts else "pass"
    exit_code = {"fail": FAILED, "inconclusive": INCONCLUSIVE, "pass": PASS}[word]
    code = INTERRUPTED if interrupted else exit_code
    return Verdict(verdict=word, exit_code=code, reasons=(*failures, *doubts), failures=len(failures))


def _failures(expectations: Sequence[ExpectationResult], imbalances: Sequence[str], escalated: str) -> list[str]:
    lines = [f"{IMBALANCE}{each}" for each in imbalances]
    if escalated:
        lines.append(f"{GIVEN_UP}{escalated}")
    lines += [f"{each.name}: {seen(each)}, wanted {each.wanted}" for each in expectations if each.state == "failed"]
    return lines


def seen(result: ExpectationResult) -> str:
    """Return what was seen of an expectation, with the samples it rests on."""
    counted = f" ({result.counted})" if result.counted else ""
    return f"{result.value}{counted}" if result.value else "not as expected"


def _doubts(
    expectations: Sequence[ExpectationResult],
    faults: Sequence[FaultRecord],
    steps: Sequence[StepRecord],
    arrivals: OfferedLoad,
    *,
    interrupted: bool,
) -> list[str]:
    undecided, unended = ("inconclusive", "waiting", "holding"), ("waiting", "under_way")
    lines = ["the run was interrupted"] if interrupted else []
    if expectations and all(each.state == "skipped" for each in expectations):
        lines.append(f"no expectation was judged: of {len(expectations):,}, all were skipped")
    lines += [f"{each.name}: {each.note or 'not judged'}" for each in expectations if each.state in undecided]
    lines += [doubt for fault in faults for doubt in _doubts_about(fault)]
    lines += [
        f"step {each.name} came to no end: {each.detail or 'the run ended before'}"
        for each in steps
        if each.state in unended
    ]
    if not any(each.touched_count and each.kind in HOLDING for each in faults):
        lines += _doubts_about_load(arrivals, interrupted=interrupted)
    return lines


def _doubts_about(fault: FaultRecord) -> list[str]:
    if fault.error:
        return [f"fault {fault.name} failed in its own code: {fault.error}"]
    if fault.injected_at_s is None:
        return [f"fault {fault.name} was never injected: the run ended before"]
    return [] if fault.touched_count else [f"fault {fault.name} touched nothing: no call met it"]


def _doubts_about_load(arrivals: OfferedLoad, *, interrupted: bool) -> list[str]:
    lines: list[str] = []
    ratio = arrivals.achieved_ratio
    if ratio is not None and ratio < ARRIVALS_LEAST and not arrivals.backlogged and not interrupted:
        lines.append(
            f"only {quantity(ratio, Unit.RATIO)} of the scheduled arrivals were sent "
            f"({arrivals.produced:,} of {arrivals.offered:,}), "
            "and the pipeline was not the reason: this machine could not make the load"
        )
    late_us = arrivals.lateness_p99_us
    if late_us is not None and late_us > LATENESS_P99_MOST_US:
        lines.append(
            f"the producer was late: p99 {shown(METRICS['lateness.p99'], late_us)} of its own, more than "
            f"{quantity(LATENESS_P99_MOST_US, Unit.US)}: this machine could not keep the schedule"
        )
    return lines


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
    by_reason = ", ".join(f"{reason} {count:,}" for reason, count in ledger.dead_letters.items() if count)
    parts = [f"{ledger.dead_lettered:,} became dead letters ({by_reason})"] if ledger.dead_lettered else []
    parts += [f"{ledger.duplicate:,} were duplicates"] if ledger.duplicate else []
    return " and ".join(parts) or "none came to an end"


def remarks(by_mode: Sequence[int], expectations: Sequence[ExpectationResult], read: frozenset[str]) -> Iterator[str]:
    """Yield what a reader of the verdict should know although it changes nothing.

    Args:
        by_mode: decisions of the whole run, in the order of `Mode`.
        expectations: as they ended.
        read: metrics that they read.
    """
    if not expectations:
        yield "nothing was judged but the ledger and the load: the scenario has no expectations; add some under expect:"
    if any(by_mode) and not by_mode[Mode.FULL] and not any(name.startswith("mode.") for name in read):
        modes = ", ".join(f"{mode.label} {by_mode[mode]:,}" for mode in Mode if by_mode[mode])
        yield f"no decision had all features ({modes}): the pipeline was judged as it is when something is missing"
