"""What workers commit ends each transaction once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from actors.adapters.files import AppendOnlyFile, DeadLetterFile
from actors.adapters.kafka.messages import Ended
from actors.adapters.streams import Delivery
from actors.telemetry.ledger_snapshot import Waiting
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from sim.coordinator.collector import Collector
from sim.coordinator.servers import Wait
from sim.outcomes.outcome_book import OutcomeBook

DUE_NS = 1_000_000_000
LINE = {
    "id": "t",
    "card": "***1",
    "event_time": 1_700_000_000_000_000,
    "amount": 12.5,
    "score": 0.5,
    "decision": "review",
    "mode": "full",
    "cause": "none",
    "reason": "score",
    "model": "abc",
    "label": None,
}


def decided(number: int, done_ns: int = DUE_NS + 5_000_000, **changed: object) -> Ended:
    """Return the committed decision on ``number``."""
    value = msgspec.json.encode({**LINE, "id": f"t{number}", **changed}) + b"\n"
    return Ended("decision", number, DUE_NS, done_ns, "w0", value)


def set_aside(number: int) -> Ended:
    """Return the committed dead letter of ``number``."""
    document = {"reason": "not_json", "detail": "", "raw": "x", "partition": 0, "offset": number}
    return Ended("dead_letter", number, DUE_NS, DUE_NS, "w0", msgspec.json.encode(document))


@contextmanager
def collecting(folder: Path, count: int, delivery: Delivery = "exactly_once") -> Iterator[tuple[Collector, Telemetry]]:
    """Give a collector of a run that has sent ``count`` transactions."""
    telemetry, book = Telemetry(), OutcomeBook()
    book.book(np.arange(count), np.zeros(count, dtype=np.uint8))
    output, letters = AppendOnlyFile(folder / "decisions.jsonl"), DeadLetterFile(folder / "dead_letters.jsonl")
    collector = Collector(telemetry, book, output, letters, delivery)
    telemetry.ledger.offer(count)
    telemetry.ledger.send(count)
    collector.sent(0, count)
    yield collector, telemetry
    output.close()
    letters.close()


def test_each_kind_of_end_closes_a_transaction(tmp_path: Path) -> None:
    """Decisions, dead letters and duplicates end what was sent, and the ledger balances at each step."""
    with collecting(tmp_path, 4) as (collector, telemetry):
        for ends in ([decided(0), set_aside(1)], [Ended("duplicate", 2, DUE_NS, DUE_NS, "w0", b"")], [decided(3)]):
            collector.take(ends, DUE_NS + 9_000_000)
            ledger = telemetry.ledger.snapshot(Waiting(in_flight=collector.open_count))
            assert ledger.balanced, ledger.imbalances
        assert (ledger.decided, ledger.dead_lettered, ledger.duplicate, collector.open_count) == (2, 1, 1, 0)
        assert (ledger.logged, ledger.delivered) == (2, 2)
        assert telemetry.stages[Stage.LATENCY].max_us == 5_000
        assert telemetry.stages[Stage.COMMITTED].max_us == 9_000
    assert (tmp_path / "decisions.jsonl").read_bytes().count(b"\n") == 2


def test_a_second_end_is_counted_and_changes_nothing(tmp_path: Path) -> None:
    """What ends twice is counted apart, in one reading or in two; the ledger has it once."""
    with collecting(tmp_path, 2) as (collector, telemetry):
        collector.take([decided(0), decided(0)], DUE_NS)
        collector.take([decided(0), set_aside(0)], DUE_NS)
        assert collector.decided_twice == 3
        assert sum(telemetry.ledger.decided) == 1
        assert collector.open_count == 1


def test_what_comes_again_as_it_was_is_a_redelivery_at_least_once(tmp_path: Path) -> None:
    """The same said later, and by another worker, is counted apart; anything else that is said counts as twice."""
    with collecting(tmp_path, 3, "at_least_once") as (collector, telemetry):
        duplicate = Ended("duplicate", 2, DUE_NS, DUE_NS, "w0", b"")
        collector.take([decided(0), set_aside(1), duplicate], DUE_NS)
        later = decided(0, DUE_NS + 99, latency_us=7)._replace(worker="w1")
        collector.take([later, set_aside(1), duplicate], DUE_NS)
        assert (collector.redelivered, collector.decided_twice) == (3, 0)
        collector.take([decided(0, score=0.75), decided(0, mode="rules"), decided(1), set_aside(2)], DUE_NS)
        assert (collector.redelivered, collector.decided_twice) == (3, 4)
        ledger = telemetry.ledger.snapshot(Waiting(in_flight=collector.open_count))
        assert (ledger.decided, ledger.dead_lettered, ledger.duplicate, ledger.balanced) == (1, 1, 1, True)


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_no_run_is_too_long_for_its_collector(tmp_path: Path, delivery: Delivery) -> None:
    """What it has been told of early on holds after there are more transactions than it had room for."""
    with collecting(tmp_path, 10, delivery) as (collector, _):
        collector.take([decided(3)], DUE_NS)
        collector.sent(10, 500_000)
        assert collector.open_count == 500_009
        collector.take([decided(3), decided(500_009)], DUE_NS)
        assert (collector.open_count, collector.decided_twice + collector.redelivered) == (500_008, 1)


def test_what_was_never_sent_is_passed_over(tmp_path: Path) -> None:
    """A number beyond the run's, and a value that no worker writes, end nothing."""
    with collecting(tmp_path, 1) as (collector, telemetry):
        unreadable = Ended("decision", 0, DUE_NS, DUE_NS, "w0", b"{}")
        collector.take([decided(7), decided(-1), unreadable, decided(0, mode="splendid")], DUE_NS)
        assert (collector.unknown_count, collector.open_count, sum(telemetry.ledger.decided)) == (4, 1, 0)


def test_a_clock_that_is_behind_is_counted(tmp_path: Path) -> None:
    """A decision from before its transaction was due counts as a negative latency."""
    with collecting(tmp_path, 2) as (collector, _):
        collector.take([decided(0, done_ns=DUE_NS - 1), decided(1)], DUE_NS)
        assert collector.negative_count == 1
        assert collector.models == {"abc": 2}


def test_messages_of_others_end_before_or_after_they_are_found(tmp_path: Path) -> None:
    """Workers may read a topic before the run does: each is counted once, the ledger balances at each step."""
    telemetry = Telemetry()
    output, letters = AppendOnlyFile(tmp_path / "decisions.jsonl"), DeadLetterFile(tmp_path / "dead_letters.jsonl")
    collector = Collector(telemetry, OutcomeBook(), output, letters, listening=True)

    def balanced() -> int:
        ledger = telemetry.ledger.snapshot(Waiting(in_flight=collector.open_count))
        assert ledger.balanced, ledger.imbalances
        return ledger.offered

    collector.take([decided(7), decided(200_000)], DUE_NS)
    assert (balanced(), collector.ahead_count, collector.open_count) == (2, 2, 0)
    collector.found(np.array([7, 8]), np.array([1, 0]))
    assert (balanced(), collector.ahead_count, collector.open_count) == (3, 1, 1)
    collector.take([set_aside(8), decided(7), decided(8)], DUE_NS)
    assert (balanced(), collector.open_count, collector.decided_twice) == (3, 0, 2)
    collector.end_at(lambda number: number > 10)
    collector.found(np.array([9, 11]), np.array([1, 1]))
    collector.take([decided(12)], DUE_NS)
    assert (balanced(), collector.open_count, collector.later_count, collector.unknown_count) == (4, 1, 1, 0)
    collector.take([decided(1 << 40)], DUE_NS)
    assert collector.unknown_count == 1
    output.close()
    letters.close()


def test_partitions_wait_for_the_ends_of_what_they_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From when brokers have taken something until each end of it; a second end of one transaction ends no wait."""
    clock = iter([1_000, 1_010, 5_000])
    monkeypatch.setattr("sim.coordinator.collector.wall_ns", lambda: next(clock))
    with collecting(tmp_path, 4) as (collector, _):
        collector.taken({2: 2})
        collector.take([decided(0)._replace(partition=2)], 1_005)
        collector.taken({1: 2})
        collector.take([decided(0)._replace(partition=2), decided(1)._replace(partition=1)], 1_400)
        assert collector.waits.longest == Wait(390, 1, 1_010)
        collector.stop()
        assert collector.waits.longest == Wait(3_995, 2, 1_005)


def test_partitions_that_others_write_wait_from_when_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had ended by then has not waited, and what came after the end of the run is not waited for."""
    clock = iter([1_000, 2_000, 9_000])
    monkeypatch.setattr("sim.coordinator.collector.wall_ns", lambda: next(clock))
    output, letters = AppendOnlyFile(tmp_path / "decisions.jsonl"), DeadLetterFile(tmp_path / "dead_letters.jsonl")
    collector = Collector(Telemetry(), OutcomeBook(), output, letters, listening=True)
    collector.take([decided(7)._replace(partition=1)], 900)
    collector.found(np.array([7, 8]), np.array([1, 0]))
    collector.end_at(lambda number: number > 10)
    collector.found(np.array([11, 12]), np.array([1, 1]))
    collector.take([decided(8)], 2_500)
    collector.stop()
    assert collector.waits.longest == Wait(1_500, 0, 1_000)
    output.close()
    letters.close()


def test_what_could_not_be_sent_is_a_dead_letter(tmp_path: Path) -> None:
    """Of the sender, once: nothing waits for it, and the ledger balances."""
    with collecting(tmp_path, 2) as (collector, telemetry):
        for _ in range(2):
            collector.refused(1, "2,000,000 bytes, which the brokers do not take", b"x")
        collector.take([decided(0), decided(1)], DUE_NS)
        ledger = telemetry.ledger.snapshot(Waiting(in_flight=collector.open_count))
        assert (ledger.balanced, ledger.dead_letters, collector.open_count) == (True, {"too_large": 1}, 0)
        assert collector.decided_twice == 1
