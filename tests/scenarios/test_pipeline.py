"""Drills of the pipeline itself fail once the mitigation that they rehearse is taken away."""

from pathlib import Path

import numpy as np
import pytest

import actors.scorer
from actors.core.arrays import F64, I64, Bool
from actors.core.batches import RawBatch
from actors.mailbox import Mailbox
from actors.resilience.shedding import ServiceEstimate
from sim.judging.verdict import GIVEN_UP
from tests.support.shipped import drill

pytestmark = pytest.mark.slow

THIN = ("phases.baseline.rate=80", "phases.crashes.rate=80", "phases.recovery.rate=80")
SHORT_STALL = (
    "phases.baseline.duration=1s",
    "phases.stalls.duration=5s",
    "phases.recovery.duration=1s",
    "faults.collection.at=2s",
    "faults.collection.repeat=null",
)
SHORT_BURST = (
    "phases.baseline.duration=1s",
    "phases.burst.duration=3s",
    "phases.recovery.duration=2s",
    "faults.large-model.duration=6s",
)
SHORT_SQUEEZE = (
    "phases.baseline.duration=1s",
    "phases.squeeze.duration=3s",
    "phases.recovery.duration=2s",
    "faults.small-mailbox.at=1s",
    "faults.small-mailbox.duration=3s",
)


def test_without_restarts_the_first_crash_ends_the_run(world_model: Path, tmp_path: Path) -> None:
    """It is given up at once; what was accepted is still decided, by rules, and the files are written."""
    drilled = drill("actor_crash", world_model, tmp_path / "run", *THIN, "pipeline.restart.max_restarts=0")
    summary = drilled.summary
    assert (summary.verdict, summary.exit_code) == ("fail", 99)
    assert any(reason.startswith(GIVEN_UP) for reason in summary.reasons)
    assert {"restarted", "recovered"} <= drilled.unproved
    assert summary.ledger.balanced
    assert summary.ledger.produced == summary.ledger.decided


def test_with_slow_restarts_a_crash_is_an_outage(world_model: Path, tmp_path: Path) -> None:
    """The latency that the drill promises rests on restarts within milliseconds."""
    slow = ("pipeline.restart.backoff=2s", "pipeline.restart.max_backoff=2s")
    drilled = drill("actor_crash", world_model, tmp_path / "run", *THIN, *slow)
    assert "tail" in drilled.failed
    assert drilled.summary.exit_code == 99


def test_without_batches_a_stall_is_long_gone_and_still_felt(world_model: Path, tmp_path: Path) -> None:
    """One by one the backlog shrinks slowly, and everybody who joins it is late."""
    single = [f"pipeline.{actor}.max_batch_size=1" for actor in ("assembler", "scorer", "logger")]
    with_batches = drill("loop_stall", world_model, tmp_path / "batches", *SHORT_STALL)
    without = drill("loop_stall", world_model, tmp_path / "single", *SHORT_STALL, *single)
    assert {"longest", "errors", "books"}.isdisjoint(with_batches.failed)
    assert {"tail", "confined"} <= without.failed
    assert without.summary.exit_code == 99


def test_without_a_deadline_late_transactions_wait_for_the_model(world_model: Path, tmp_path: Path) -> None:
    """Nobody is decided by rules."""
    drilled = drill("loop_stall", world_model, tmp_path / "run", *SHORT_STALL, "pipeline.scorer.deadline=null")
    assert "deadline" in drilled.failed


def test_a_mailbox_that_drops_what_does_not_fit_is_found(
    world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without backpressure the ledger breaks."""
    offer = Mailbox.offer

    def drop(self: Mailbox[RawBatch], message: RawBatch) -> None:
        offer(self, message)

    monkeypatch.setattr(Mailbox, "offer", drop)
    drilled = drill("mailbox_squeeze", world_model, tmp_path / "run", *SHORT_SQUEEZE)
    assert "books" in drilled.failed
    assert drilled.summary.exit_code == 99


def test_without_shedding_a_burst_makes_everybody_late(world_model: Path, tmp_path: Path) -> None:
    """The model decides all, the most valuable included, long after their deadline."""
    off = ("pipeline.scorer.deadline=null", "pipeline.mailboxes.scorer.shed_above=null")
    drilled = drill("burst_5x", world_model, tmp_path / "run", *SHORT_BURST, *off)
    assert {"shed", "on-time", "valuable", "scored"} <= drilled.failed
    assert drilled.summary.exit_code == 99


def test_shedding_that_does_not_look_at_amounts_sheds_the_valuable(
    world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are on time all the same, but a large amount is decided by rules as often as a small one."""

    def blind(slack_ns: I64, _: F64, deadline_ns: int, estimate: ServiceEstimate) -> Bool:
        count = max(1, int(0.25 * deadline_ns / estimate.row_ns))
        late: Bool = np.arange(len(slack_ns)) < len(slack_ns) - count
        return late

    monkeypatch.setattr(actors.scorer, "too_late", blind)
    drilled = drill("burst_5x", world_model, tmp_path / "run", *SHORT_BURST)
    assert "scored" in drilled.failed
    assert not drilled.failed & {"on-time", "valuable", "shed"}
