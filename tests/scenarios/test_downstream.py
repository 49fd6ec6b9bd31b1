"""Drills of what comes after a decision: they fail without their mitigation, and what is lost is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from actors.core.batches import DecidedBatch
from actors.core.errors import SinkError
from actors.output.decision_log import BufferedLog
from tests.support.drills import run_thin
from tests.support.shipped import drill

pytestmark = pytest.mark.slow

SLOWER = ("phases.baseline.rate=100", "phases.recovery.rate=100")
SLOW_SINK = (*SLOWER, "phases.refusing.rate=100", "phases.silent.rate=100")
SLOW_FULL = (*SLOWER, "phases.full.rate=100")
EVERYTHING = """\
version: 1
name: everything-is-full
clock: virtual
world: {cards: 4000, merchants: 400, fraud_ratio: 0.05}
phases: [{name: only, duration: 3s, rate: 100}]
pipeline: {delivery: {attempts: 1}}
faults:
  - {name: rubbish, kind: traffic_poison, ratio: 0.2, at: 0s, duration: 3s}
  - {name: refused, kind: sink_errors, ratio: 1, at: 0s, duration: 3s}
  - {name: no-room, kind: disk_full, at: 1s, duration: 1s}
"""


def lines_of(file: Path) -> list[dict[str, Any]]:
    """Return the documents in a file of one a line."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_without_retries_a_caller_who_is_away_misses_decisions(world_model: Path, tmp_path: Path) -> None:
    """Each decision that was refused is given up, counted, and kept in its file."""
    drilled = drill("sink_down", world_model, tmp_path / "run", *SLOW_SINK, "pipeline.delivery.attempts=1")
    assert {"kept", "errors", "owed"} <= drilled.failed
    assert drilled.summary.exit_code == 99
    kept = lines_of(drilled.folder / "undelivered.jsonl")
    assert len(kept) == drilled.summary.ledger.undelivered > 500
    assert len({line["id"] for line in kept}) == len(kept)


def test_what_has_no_room_in_the_queue_is_given_up_and_counted(world_model: Path, tmp_path: Path) -> None:
    """The queue is bounded; the books balance, and every decision is delivered or in the file, once."""
    drilled = drill("sink_down", world_model, tmp_path / "run", *SLOW_SINK, "pipeline.delivery.capacity=100")
    assert "kept" in drilled.failed
    books = drilled.summary.ledger
    kept = lines_of(drilled.folder / "undelivered.jsonl")
    assert books.balanced
    assert books.delivered + len(kept) == books.decided
    assert any("given up in the end" in warning for warning in drilled.summary.warnings)


def test_a_logger_that_does_not_live_with_a_full_disk_fails_the_drill(
    world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the error of the disk went through, the logger would crash, and decisions with it."""
    usual = BufferedLog.write
    crashes: list[SinkError] = []

    async def at_once(log: BufferedLog, decided: DecidedBatch) -> None:
        if not crashes:  # once: more of them would end the run
            try:
                log.output.append(b"")
            except SinkError as error:
                crashes.append(error)
                raise
        await usual(log, decided)

    monkeypatch.setattr(BufferedLog, "write", at_once)
    drilled = drill("disk_full", world_model, tmp_path / "run", *SLOW_FULL)
    assert "no-crash" in drilled.failed
    assert drilled.summary.exit_code == 99


def test_a_full_disk_cuts_and_doubles_no_line(world_model: Path, tmp_path: Path) -> None:
    """What is not logged is counted; the journal, whose lines wait for room, has the fault from start to end."""
    drilled = drill("disk_full", world_model, tmp_path / "run", *SLOW_FULL)
    assert drilled.failed == {"counted"}  # so many there are only at the full rate
    logged, books = lines_of(drilled.folder / "decisions.jsonl"), drilled.summary.ledger
    assert len({line["id"] for line in logged}) == len(logged) == books.logged
    assert books.log_failed == books.decided - books.logged > 0
    kinds = [line["kind"] for line in lines_of(drilled.folder / "journal.jsonl")]
    assert [kind for kind in kinds if kind.startswith("fault")] == [
        "fault_injected",
        "fault_first_effect",
        "fault_lifted",
    ]
    (warning,) = [line for line in drilled.summary.warnings if line.startswith("decisions.jsonl")]
    assert f"{books.log_failed:,} decisions were counted, not logged: No space left on device" in warning


def test_a_full_disk_hits_every_file_and_the_summary_names_those_that_are_not_whole(
    world_model: Path, tmp_path: Path
) -> None:
    """Decisions, dead letters and undelivered decisions go uncounted in their files, never in the books."""
    result = run_thin(tmp_path / "run", world_model, text=EVERYTHING)
    books = result.summary.ledger
    assert books.balanced
    assert result.summary.faults[2].touched_count == books.log_failed > 0
    assert [problem.partition(":")[0] for problem in result.problems] == [
        "decisions.jsonl",
        "dead_letters.jsonl",
        "undelivered.jsonl",
    ]
    assert set(result.problems) <= set(result.summary.warnings)
    assert set(result.summary.warnings) - set(result.problems) == set(result.frame.header.warnings)  # what people see
    assert any("given up in the end" in warning for warning in result.frame.header.warnings)
    assert 0 < len(lines_of(tmp_path / "run" / "dead_letters.jsonl")) < books.dead_lettered
    assert 0 < len(lines_of(tmp_path / "run" / "undelivered.jsonl")) < books.undelivered == books.decided


def test_without_its_buffer_a_slow_disk_holds_up_the_logger(
    world_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one, ten lines a second against hundreds: to write all that waits together is what keeps up."""
    monkeypatch.setattr("actors.output.decision_log.MOST_BUFFERED", 1)
    short = (
        "phases.baseline.duration=1s",
        "phases.slow.duration=8s",
        "phases.recovery.duration=2s",
        "faults.slow-writes.at=1s",
        "faults.slow-writes.duration=8s",
    )
    drilled = drill("slow_disk", world_model, tmp_path / "run", *short, "pipeline.logger.max_batch_size=1")
    assert {"mailbox", "bounded", "logged"} <= drilled.failed
    assert drilled.summary.exit_code == 99
