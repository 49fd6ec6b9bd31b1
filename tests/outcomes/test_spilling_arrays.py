"""Laws of arrays that are written in memory and moved to files."""

import asyncio
import mmap
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from actors.core.arrays import I64, Column
from actors.core.batches import Decision
from sim.outcomes import mapped_arrays as attic_module
from sim.outcomes import outcome_book as outcomes
from sim.outcomes.mapped_arrays import UNIT_BYTES, SpillingArrays
from sim.outcomes.money import Outcomes
from sim.outcomes.outcome_book import OutcomeBook
from sim.run import lifecycle, machine
from tests.support.actors.batches import decided
from tests.support.drills import run_thin

BLOCK = 50_000
COUNT = 8 * UNIT_BYTES // 8  # of int64: eight units

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere arrays stay in memory")


@pytest.fixture
def array_store(tmp_path: Path) -> Iterator[SpillingArrays]:
    """Yield an attic without room to spare."""
    array_store = SpillingArrays(tmp_path, 0)
    yield array_store
    array_store.close()


def anonymous_bytes() -> int:
    """Return how much memory of this process is no file's."""
    fields = Path("/proc/self/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def test_what_was_put_away_is_read_as_before(array_store: SpillingArrays, tmp_path: Path) -> None:
    """The front lies in a file without a name, the rest in memory, and whoever holds the array sees no difference."""
    array = array_store.empty(COUNT, np.int64)
    array[:] = np.arange(COUNT)
    array_store.put_away([array[: COUNT // 2 + 5]])
    array_store.wait()
    assert array_store.size_bytes == COUNT // 2 * 8
    array[COUNT // 2 :] += 1
    array_store.release()
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(array[: COUNT // 2], np.arange(COUNT // 2))
    np.testing.assert_array_equal(array[COUNT // 2 :], np.arange(COUNT // 2, COUNT) + 1)


def test_what_was_put_away_takes_no_memory(array_store: SpillingArrays) -> None:
    """Sixteen megabytes that were written are not in memory once they are moved."""
    array = array_store.empty(COUNT, np.int64)
    array[:] = 1
    before = anonymous_bytes()
    array_store.put_away([array])
    array_store.wait()
    assert before - anonymous_bytes() >= 0.9 * array.nbytes


def test_what_was_moved_may_be_written_to_again(array_store: SpillingArrays) -> None:
    """After it has settled, and what is written then is not lost when it is let go."""
    array = array_store.empty(COUNT, np.int64)
    array[:] = 0
    array_store.put_away([array])
    array_store.wait()
    array[7] = -7
    array_store.release()
    assert (array[7], array.sum()) == (-7, -7)


def test_a_front_moves_on_piece_by_piece(array_store: SpillingArrays) -> None:
    """Each call moves what has been added in whole units; views taken before see the same rows."""
    array = array_store.empty(COUNT, np.int64)
    view = array[: COUNT // 4]
    for stop in range(COUNT // 8, COUNT + 1, COUNT // 8):
        array[stop - COUNT // 8 : stop] = stop
        array_store.put_away([array[:stop]])
        array_store.wait()
        assert array_store.size_bytes == stop * 8
    assert view.sum() == (COUNT // 8) * (COUNT // 8 + COUNT // 4)


def test_arrays_made_elsewhere_stay_where_they_are(array_store: SpillingArrays) -> None:
    """History may hold columns of another origin; these are nobody's to move."""
    array_store.put_away([np.zeros(COUNT)])
    array_store.wait()
    assert array_store.size_bytes == 0


def test_a_file_goes_with_its_array(array_store: SpillingArrays) -> None:
    """What nobody holds any more takes neither addresses nor a file."""
    array = array_store.empty(COUNT, np.int64)
    array[:] = 1
    array_store.put_away([array])
    array_store.wait()
    files = len(list(Path("/proc/self/fd").iterdir()))
    del array
    assert array_store.size_bytes == 0
    assert len(list(Path("/proc/self/fd").iterdir())) == files - 1


def test_every_array_has_the_same_room(tmp_path: Path) -> None:
    """Columns of one log are as long as each other, whatever was asked for; without addresses they lie in memory."""
    array_store = SpillingArrays(tmp_path, COUNT)
    assert {len(array_store.empty(count, dtype)) for count, dtype in ((1, np.uint8), (9, np.int64))} == {COUNT}
    greedy = SpillingArrays(tmp_path, 1 << 60)
    assert {len(greedy.empty(3, dtype)) for dtype in (np.uint8, np.int64)} == {3}


def test_without_room_on_the_disk_arrays_stay_in_memory(
    array_store: SpillingArrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs memory and not the run."""

    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    array = array_store.empty(COUNT, np.int64)
    array[:] = 3
    array_store.put_away([array])
    array_store.wait()
    assert (array.sum(), array_store.size_bytes) == (3 * COUNT, 0)


def test_on_a_file_system_without_mappings_arrays_stay_in_memory(
    array_store: SpillingArrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked before anything is replaced: what a refused mapping was to replace would be gone."""
    array = array_store.empty(COUNT, np.int64)
    array[:] = 3

    def refused(*_: int) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr(mmap, "mmap", refused)
    array_store.put_away([array])
    array_store.wait()
    assert (array.sum(), array_store.size_bytes) == (3 * COUNT, 0)


def test_a_book_in_the_attic_is_the_same_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions in order, late ones and those beyond the room: nothing is lost on its way to a file."""
    rightly = attic_module._map

    def slowly(*where: int) -> None:  # what is written before this is not in the file
        threading.Event().wait(0.03)
        rightly(*where)

    monkeypatch.setattr(attic_module, "_map", slowly)
    monkeypatch.setattr(outcomes, "STIRRING", 1_000)
    array_store = SpillingArrays(tmp_path, 400_000)
    inside, outside = OutcomeBook(), OutcomeBook(array_store)
    for book in (inside, outside):
        for first in range(0, 600_000, BLOCK):
            numbers = np.arange(first, first + BLOCK)
            book.book(numbers * 1_000, (numbers % 7 == 0).astype(np.uint8))
            decide(book, numbers[numbers % 4_001 != 0])
            array_store.put_away(outside.settled())  # and while it is on its way those are decided that were left out
            earlier = numbers - 4 * BLOCK
            decide(book, earlier[(earlier >= 0) & (earlier % 4_001 == 0)])
    for found, expected in zip(columns(outside.outcomes()), columns(inside.outcomes()), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert outside.fraud_ids == inside.fraud_ids
    assert array_store.size_bytes > 0
    array_store.close()


def decide(book: OutcomeBook, numbers: I64) -> None:
    """Deliver decisions that tell from which number they come."""
    kinds = [Decision(number % len(Decision)) for number in numbers.tolist()]
    asyncio.run(book.deliver(decided(numbers.tolist(), kinds, (numbers + 0.5).tolist(), (numbers / 1e6).tolist())))


def columns(found: Outcomes) -> list[Column]:
    """Return the columns of outcomes."""
    return [found.arrival_ns, found.amount, found.score, found.decision, found.label]


@pytest.mark.slow
def test_a_run_on_the_real_clock_keeps_little_in_memory(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the hundred bytes that a transaction leaves behind, nearly all lie in files while the run goes on."""
    seen: list[int] = []

    class Counting(SpillingArrays):
        def put_away(self, columns: Iterable[Column]) -> None:
            super().put_away(columns)
            seen.append(self.size_bytes)

    monkeypatch.setattr(machine, "SpillingArrays", Counting)
    monkeypatch.setattr(attic_module, "UNIT_BYTES", 4_096)
    monkeypatch.setattr(outcomes, "STIRRING", 256)
    monkeypatch.setattr(lifecycle, "PUT_AWAY_NS", 20_000_000)
    result = run_thin(tmp_path / "run", world_model, ("clock=real", "phases.recovery.rate=2000"))
    books = result.summary.ledger
    assert books.balanced
    assert books.decided == books.logged > 1_000
    assert max(seen) > 50 * books.decided
