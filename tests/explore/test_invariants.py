"""Each invariant holds on a run, and breaks when the run is tampered with."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from actors.core.batches import Mode
from sim.explore.invariants import INVARIANTS, Evidence, card_order, deadline, decided_once, faults_lifted, ledger
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut
from sim.trials.trial import Trial, carried_out
from tests.support.drills import THIN

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(world_model: Path) -> Iterator[Evidence]:
    """Return a run with a deadline."""
    scenario = parse(THIN, "thin.yaml", ["phases.calm.rate=60", "pipeline.scorer.deadline=50ms"])
    with ExitStack() as stack:
        outcome, folder = stack.enter_context(carried_out(Trial(Cut(scenario), world_model)))
        yield Evidence(scenario, outcome.summary, outcome.record, folder)


def with_summary(run: Evidence, **changes: Any) -> Evidence:  # noqa: ANN401 - of any type a summary has
    """Return the run with another summary."""
    return replace(run, summary=msgspec.structs.replace(run.summary, **changes))


@pytest.mark.parametrize("name", INVARIANTS)
def test_every_invariant_holds_on_a_run(run: Evidence, name: str) -> None:
    """A pipeline without a mistake breaks none."""
    assert INVARIANTS[name](run) == ""


def test_lost_and_invented_transactions_are_counted(run: Evidence) -> None:
    """The books may balance among themselves: they must also fit the transactions."""
    books = run.summary.ledger
    lost = with_summary(run, ledger=msgspec.structs.replace(books, produced=books.produced + 2))
    assert decided_once(lost).endswith("2 are lost")
    more = with_summary(run, ledger=msgspec.structs.replace(books, produced=books.produced - 1))
    assert decided_once(more).endswith("1 came from nowhere")


def test_a_transaction_in_the_log_twice_is_named(run: Evidence, tmp_path: Path) -> None:
    """Counting lines would not show one that stands in another's place."""
    lines = (run.folder / "decisions.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "decisions.jsonl").write_bytes(b"".join([*lines[:-1], lines[0]]))
    (tmp_path / "dead_letters.jsonl").write_bytes(b"")
    assert decided_once(replace(run, folder=tmp_path)).endswith(f"among them {run.logged_ids[0]}")


def test_a_dead_letter_is_not_decided(run: Evidence, tmp_path: Path) -> None:
    """A transaction has one end."""
    (tmp_path / "decisions.jsonl").write_bytes((run.folder / "decisions.jsonl").read_bytes())
    (tmp_path / "dead_letters.jsonl").write_bytes(b'{"number":3}\n')
    assert "decided and dead letters, among them number 3" in decided_once(replace(run, folder=tmp_path))


def test_an_overtaken_transaction_is_named(run: Evidence) -> None:
    """Only within a card: others may come in any order."""
    own_instant = run.record.latency_ns + np.arange(len(run.record))  # those of one batch share theirs
    record = replace(run.record, latency_ns=own_instant)
    swapped = record.number.copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    others = replace(record, number=swapped, cards=[f"c{row}" for row in range(len(record))])
    assert card_order(replace(run, record=others)) == ""
    turned = np.arange(len(record))[::-1]
    late = replace(
        record,
        number=record.number[turned],
        ids=record.ids[::-1],
        arrival_ns=record.arrival_ns[turned],
        latency_ns=record.latency_ns[turned],
        cards=["c"] * len(record),
    )
    assert card_order(replace(run, record=late)) == "", "delivered in another order is not decided in another order"
    same = replace(record, number=swapped, cards=["c"] * len(record))
    assert card_order(replace(run, record=same)).endswith(f"among them {record.ids[1]} by {record.ids[0]}")


def test_within_one_instant_the_log_tells_the_order(run: Evidence, tmp_path: Path) -> None:
    """A batch that was split after a crash may be delivered in any order of its parts; decided it was in its own."""
    record, turned = run.record, np.arange(len(run.record))[::-1]
    at_once = replace(
        record,
        number=record.number[turned],
        ids=record.ids[::-1],
        arrival_ns=np.zeros_like(record.arrival_ns),
        latency_ns=np.ones_like(record.latency_ns),
        cards=["c"] * len(record),
    )
    assert card_order(replace(run, record=at_once)) == ""
    lines = (run.folder / "decisions.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "decisions.jsonl").write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    mixed_up = replace(run, record=at_once, folder=tmp_path)
    assert card_order(mixed_up).endswith(
        f"1 transactions were overtaken by a later one of their card, among them "
        f"{run.logged_ids[0]} by {run.logged_ids[1]}"
    )
    (tmp_path / "decisions.jsonl").write_bytes(lines[1])
    one_line = replace(run, record=at_once, folder=tmp_path)
    assert card_order(one_line) == "", "what is not in the log, for want of room, is told by its instant alone"


def test_a_model_must_not_be_asked_after_the_deadline(run: Evidence) -> None:
    """Rules may be; and what began in time may come late by its own time."""
    late = run.record.scoring_ns.copy()
    late[5] = 51_000_000
    mode = np.full(len(late), Mode.FULL, dtype=np.uint8)
    assert "among them " + run.record.ids[5] in deadline(replace(run, record=replace(run.record, scoring_ns=late)))
    mode[5] = Mode.RULES
    assert deadline(replace(run, record=replace(run.record, scoring_ns=late, mode=mode))) == ""
    in_time = replace(run.record, latency_ns=late)
    assert deadline(replace(run, record=in_time)) == ""


def test_a_fault_is_lifted_and_then_touches_nothing(run: Evidence) -> None:
    """One that stays in, or has its first effect afterwards, is broken."""
    (fault,) = run.summary.faults
    stays = msgspec.structs.replace(fault, state="injected", lifted_at_s=None)
    assert faults_lifted(with_summary(run, faults=(stays,))) == "store-down is still in after the run"
    later = msgspec.structs.replace(fault, first_effect_at_s=2.5)
    assert "first effect at 2.5 s" in faults_lifted(with_summary(run, faults=(later,)))


def test_a_broken_ledger_is_told(run: Evidence) -> None:
    """Its first equation."""
    books = msgspec.structs.replace(run.summary.ledger, balanced=False, imbalances=("first", "second"))
    assert ledger(with_summary(run, ledger=books)) == "first"
