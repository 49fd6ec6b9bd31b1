"""What must hold in every run, whatever fails: a mechanism that promises something adds its invariant here."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np

from actors.core.arrays import I64
from actors.core.batches import Mode
from sim.faults.fault import LastingFault
from sim.outcomes.decision_table import DecisionTable
from sim.report import run_folder as files
from sim.report.summary import Summary
from sim.scenario.scenario import Scenario
from sim.units import render_duration


class _Logged(msgspec.Struct, gc=False):
    id: str


class _DeadLetter(msgspec.Struct, gc=False):
    number: int


@dataclass(frozen=True)
class Evidence:
    """One run that has ended.

    Attributes:
        scenario: as run.
        summary: its figures.
        record: every delivered decision.
        folder: of its files.
    """

    scenario: Scenario
    summary: Summary
    record: DecisionTable
    folder: Path

    @cached_property
    def logged_ids(self) -> list[str]:
        """The transaction of each line of the decision log, in order."""
        lines = (self.folder / files.DECISIONS).read_bytes()
        return [line.id for line in msgspec.json.Decoder(_Logged).decode_lines(lines)]

    @cached_property
    def dead_numbers(self) -> set[int]:
        """The numbers of the dead letters that were kept."""
        lines = (self.folder / files.DEAD_LETTERS).read_bytes()
        return {line.number for line in msgspec.json.Decoder(_DeadLetter).decode_lines(lines)}


Invariant = Callable[[Evidence], str]
"""Returns "" if the invariant holds, otherwise in a short line what breaks it, with a transaction to look at."""


def ledger(run: Evidence) -> str:
    """Return the first equation that did not hold."""
    broken = run.summary.ledger.imbalances
    return broken[0] if broken else ""


def decided_once(run: Evidence) -> str:
    """Return what breaks the rule; the ledger's counts are held against the transactions themselves."""
    twice = [name for name, count in Counter(run.logged_ids).items() if count > 1]
    if twice:
        return f"{len(twice):,} transactions are in the decision log twice, among them {twice[0]}"
    both = run.dead_numbers.intersection(run.record.number.tolist())
    if both:
        return f"{len(both):,} transactions are decided and dead letters, among them number {min(both)}"
    books = run.summary.ledger
    if books.log_failed and books.undelivered:
        return ""  # a decision may be in neither place; the ledger alone knows of it
    decided = len(set(run.logged_ids).union(run.record.ids))
    ended = decided + books.dead_lettered + books.duplicate
    if ended != books.produced:
        lost = books.produced - ended
        what = f"{lost:,} are lost" if lost > 0 else f"{-lost:,} came from nowhere"
        return f"of {books.produced:,} transactions handed over {ended:,} came to an end: {what}"
    return ""


def card_order(run: Evidence) -> str:
    """Return what breaks the rule.

    What counts is the decision, not its delivery, which a caller may take at the second try. Two instants tell which of
    two decisions came first. Within one instant, that of a batch, the log tells: a batch stands in it in its order,
    while its parts, once it was split after a crash, may be delivered in any.
    """
    record = run.record
    codes = np.unique(np.array(record.cards, dtype=np.str_), return_inverse=True)[1].reshape(-1)
    decided_ns = record.arrival_ns + record.latency_ns
    by_time = np.lexsort((record.number, decided_ns, codes))
    place = {name: line for line, name in enumerate(run.logged_ids)}
    logged = np.array([row for row, name in enumerate(record.ids) if name in place], dtype=np.int64)
    lines = np.array([place[record.ids[row]] for row in logged.tolist()], dtype=np.int64)
    in_log = logged[np.lexsort((lines, codes[logged]))]
    return _overtaken(run, codes, by_time) or _overtaken(run, codes, in_log)


def _overtaken(run: Evidence, codes: I64, order: I64) -> str:
    """Return what stands after a later one of its card, card by card in ``order``."""
    card, number = codes[order], run.record.number[order]
    wrong = np.flatnonzero((card[1:] == card[:-1]) & (number[1:] < number[:-1]))
    if not len(wrong):
        return ""
    earlier, later = (run.record.ids[order[wrong[0] + step]] for step in (1, 0))
    return f"{len(wrong):,} transactions were overtaken by a later one of their card, among them {earlier} by {later}"


def deadline(run: Evidence) -> str:
    """Return what breaks the rule; without a deadline it holds.

    The scorer promises by an estimate: what it scores in time may still come late by the batch's own time. But a
    transaction whose deadline has passed when its scoring begins must be decided by rules or below.
    """
    limit_ns = run.scenario.pipeline.scorer.deadline_ns
    if limit_ns is None:
        return ""
    record = run.record
    late = np.flatnonzero((record.scoring_ns > limit_ns) & (record.mode < Mode.RULES))
    if not len(late):
        return ""
    first = int(late[0])
    after = render_duration(int(record.scoring_ns[first]) // 1_000 * 1_000)
    return f"{len(late):,} transactions were scored after their deadline, among them {record.ids[first]} after {after}"


def faults_lifted(run: Evidence) -> str:
    """Return what breaks the rule."""
    lasting = {each.name for each in run.scenario.faults if isinstance(each, LastingFault)}
    for fault in run.summary.faults:
        if fault.state == "injected" and fault.name in lasting:
            return f"{fault.name} is still in after the run"
        first, lifted = fault.first_effect_at_s, fault.lifted_at_s
        if first is not None and lifted is not None and first > lifted:
            return f"{fault.name} was lifted at {lifted:g} s and had its first effect at {first:g} s"
    return ""


INVARIANTS: dict[str, Invariant] = {
    "ledger": ledger,
    "decided-once": decided_once,
    "card-order": card_order,
    "deadline": deadline,
    "faults-lifted": faults_lifted,
}
