"""The journal and the files of one document a line."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from actors.adapters.files import AppendOnlyFile
from actors.core.errors import SinkError
from actors.output.sinks import LineSink
from actors.telemetry.alerts.engine import AlertEvent
from sim.journal import Journal, JournalEntry
from sim.report.jsonl import AlertLine, JsonLines, PatientLines, TextLines
from sim.report.provenance import git_commit, versions
from tests.support.sim.faults import virtual_clock
from tests.support.virtual import run_virtual


class Fillable:
    """A file on a disk that is full while ``full`` says so."""

    def __init__(self, file: LineSink, full: list[bool]) -> None:
        self._file = file
        self._full = full

    def append(self, lines: bytes) -> None:
        """Append, or find no room."""
        if self._full[0]:
            raise SinkError("No space left on device")
        self._file.append(lines)


def test_journal_writes_each_entry_at_once(tmp_path: Path) -> None:
    """What happened is in the file before anything else happens, in seconds since the run began."""
    path = tmp_path / "journal.jsonl"

    async def main() -> list[int]:
        lines = JsonLines(path)
        clock = virtual_clock()
        await clock.sleep_ns(5)
        journal = Journal(clock, lines.add)
        sizes = []
        for kind in ("run_started", "run_ended"):
            await asyncio.sleep(2)
            journal.add(kind, "x")
            sizes.append(len(path.read_bytes().splitlines()))
        lines.close()
        return sizes

    assert run_virtual(main()) == [1, 2]
    entries = [msgspec.json.decode(line, type=JournalEntry) for line in path.read_bytes().splitlines()]
    assert entries == [JournalEntry(2.0, "run_started", "x"), JournalEntry(4.0, "run_ended", "x")]


def test_journal_can_begin_later_than_it_was_made() -> None:
    """Seconds count from the start of the run, and an entry may tell its own instant."""

    async def main() -> JournalEntry:
        journal = Journal(virtual_clock())
        journal.begin(3_000_000_000)
        journal.add("drained", at_ns=4_500_000_000)
        return journal.entries[0]

    assert run_virtual(main()) == JournalEntry(1.5, "drained")


def test_full_disk_costs_lines_and_never_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that was never written is counted, and the file, the number and the reason are told."""
    lines = JsonLines(tmp_path / "alerts.jsonl")

    def full(_: AppendOnlyFile, __: bytes) -> None:
        raise SinkError("alerts.jsonl: No space left on device")

    monkeypatch.setattr(AppendOnlyFile, "append", full)
    for _ in range(2):
        lines.add(JournalEntry(0.0, "drained"))
    lines.close()
    assert lines.problem == "alerts.jsonl: lines missing: 2: No space left on device"


def test_lines_wait_for_room_in_their_order(tmp_path: Path) -> None:
    """What came while the disk was full is written with the next line after it, before that."""
    lines, full = PatientLines(tmp_path / "journal.jsonl"), [False]
    lines.through(lambda file: Fillable(file, full))
    for number in range(4):
        full[0] = number in (1, 2)
        lines.append(b"%d\n" % number)
    lines.close()
    assert (tmp_path / "journal.jsonl").read_text().split() == ["0", "1", "2", "3"]
    assert (lines.lost_count, lines.problem) == (0, "")


def test_what_waits_for_room_is_bounded(tmp_path: Path) -> None:
    """A disk that stays full does not fill the memory: the first lines wait, the others are counted."""
    lines = PatientLines(tmp_path / "latency.hlog")
    full = [True]
    lines.through(lambda file: Fillable(file, full))
    line = b"x" * 99_999 + b"\n"
    for _ in range(13):
        lines.append(line)
    assert lines.lost_count == 3
    full[0] = False
    lines.append(line)
    lines.close()
    assert (tmp_path / "latency.hlog").read_bytes() == line * 11
    assert lines.problem == "latency.hlog: lines missing: 3: No space left on device"


def test_a_line_written_in_pieces_is_kept_whole(tmp_path: Path) -> None:
    """Half a line is not written, so that a full disk cannot leave one."""
    lines = PatientLines(tmp_path / "latency.hlog")
    text = TextLines(lines)
    for piece in ("a", "b\nc", "d\n", "e"):
        text.write(piece)
    lines.close()
    assert (tmp_path / "latency.hlog").read_text() == "ab\ncd\n"


def test_alert_line_counts_from_the_start_of_the_run() -> None:
    """An alert's instant on the run's clock becomes seconds since the run began."""
    event = AlertEvent(7_000_000_000, "LatencyTailHigh", "firing", "page", "on-call engineer", "latency.p95 = 80 ms")
    assert AlertLine.of(event, 5_000_000_000).at_s == 2.0


def test_provenance_names_code_and_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions of what decides are known; installed code has no commit, whatever repository it is installed in."""
    assert set(versions()) >= {"python", "numba", "numpy", "lightgbm", "msgspec"}
    monkeypatch.setattr("sim.report.provenance.is_checkout", lambda: False)
    assert git_commit.__wrapped__() is None
