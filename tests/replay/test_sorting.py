"""A file that is not in order of time is sorted outside memory, and nothing is left of it."""

import errno
import os
import pickle
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from actors.core.errors import TransactionFileError
from sim.replay import event_file, sorting
from sim.replay.event_file import EventFile
from sim.replay.spec import EventsSpec, Period
from sim.replay.traffic import FileTraffic
from sim.tables import reader
from tests.support.repository import ROOT
from tests.support.sim.event_files import row, spec, write

ROWS = 500


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own, and runs so small that a short file has many."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(event_file, "_SORTED", {})
    monkeypatch.setattr(reader, "FRAME_ROWS", 16)
    monkeypatch.setattr(sorting, "RUN_ROWS", 32)
    monkeypatch.setattr(sorting, "PART_ROWS", 5)
    monkeypatch.setattr(sorting, "RUNS_AT_ONCE", 3)
    return folder


def shuffled(count: int = ROWS) -> list[dict[str, object]]:
    """Return rows out of order, many of them at equal times."""
    chance = random.Random(5)
    return [row(number, WHEN=f"2018-04-01T00:{chance.randrange(40):02}:00") for number in range(count)]


def in_order(rows: list[dict[str, object]]) -> list[str]:
    """Return the ids of ``rows`` in order of time, those of equal times as they stand."""
    return [str(each["TX"]) for each in sorted(rows, key=lambda each: str(each["WHEN"]))]


def to_sort(file: Path, **columns: object) -> EventsSpec:
    """Return the usual spec of ``file``, to be sorted."""
    return replace(spec(file, **columns), sort=True)


def ids(file: EventFile) -> list[str]:
    """Return all ids in the order in which they come."""
    return [name for columns, _ in file.columns() for name in columns.ids]


def everything(file: EventFile, period: Period) -> list[tuple[object, ...]]:
    """Return what is read of each transaction of ``period``."""
    return [
        each
        for columns, fraud in file.columns(period)
        for each in zip(columns.ids, columns.cards, columns.cents.tolist(), fraud.tolist(), strict=True)
    ]


def test_rows_come_in_order_of_time_and_equal_times_keep_theirs(tmp_path: Path, ending: str) -> None:
    """However many runs there are and however they are merged, the order is that of a stable sort."""
    rows = shuffled()
    file = EventFile.open(to_sort(write(tmp_path / f"some.{ending}", rows)))
    assert ids(file) == in_order(rows)
    assert file.contents().rows == ROWS


def test_a_sorted_file_is_no_other_than_one_in_order(tmp_path: Path, ending: str) -> None:
    """All fields, labels and periods are those of the same file sorted by hand."""
    rows = shuffled(90)
    by_hand = sorted(rows, key=lambda each: str(each["WHEN"]))
    mine = EventFile.open(to_sort(write(tmp_path / f"some.{ending}", rows)))
    theirs = EventFile.open(spec(write(tmp_path / f"other.{ending}", by_hand)))
    period = Period.of("2018-04-01T00:10", "2018-04-01T00:20")
    assert mine.contents(period) == theirs.contents(period)
    assert everything(mine, period) == everything(theirs, period)


def test_rows_are_named_as_they_stand_in_the_file(tmp_path: Path, ending: str) -> None:
    """An error in a sorted file gives the number of the row in the user's file, in each of its parts."""
    rows = shuffled(60)
    rows[41] |= {"AMOUNT": -1.0}
    with pytest.raises(TransactionFileError, match="row 42, column AMOUNT"):
        EventFile.open(to_sort(write(tmp_path / f"some.{ending}", rows))).contents()
    parts = tmp_path / "parts"
    parts.mkdir()
    write(parts / f"a.{ending}", rows[:30])
    write(parts / f"b.{ending}", rows[30:])
    opened = EventFile.open(to_sort(parts))
    with pytest.raises(TransactionFileError, match=rf"b\.{ending}: row 12, column AMOUNT"):
        EventFile.open(opened.spec).contents()


def test_the_number_of_the_row_serves_as_id(tmp_path: Path, ending: str) -> None:
    """Without a column for the id a transaction is named by its row, sorted or not."""
    rows = shuffled(40)
    sorted_ids = ids(EventFile.open(to_sort(write(tmp_path / f"some.{ending}", rows), id=None)))
    assert sorted_ids == [str(int(each) + 1) for each in in_order(rows)]


def test_another_process_reads_what_was_sorted_here(tmp_path: Path, room: Path) -> None:
    """Traffic that is made elsewhere finds the sorted rows, and sorts nothing itself."""
    rows = shuffled()
    opened = EventFile.open(to_sort(write(tmp_path / "some.csv", rows)))
    traffic = FileTraffic(opened.spec, opened.contents().first_us)
    copy = pickle.loads(pickle.dumps(traffic))
    assert [raw for block in copy for raw in block.raws] == [raw for block in traffic for raw in block.raws]
    assert len(list(room.iterdir())) == 1


def test_a_file_is_sorted_once(tmp_path: Path, room: Path) -> None:
    """Opening it again reads what is there; a file that has changed is sorted again."""
    rows = shuffled(50)
    file = write(tmp_path / "some.csv", rows)
    shares: list[float] = []
    EventFile.open(to_sort(file), shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    told: list[float] = []
    EventFile.open(to_sort(file), told.append)
    assert told == []
    assert len(list(room.iterdir())) == 1
    write(file, rows[:20])
    assert ids(EventFile.open(to_sort(file))) == in_order(rows[:20])


def interrupted(share: float) -> None:
    raise KeyboardInterrupt


def test_nothing_is_left_of_a_sort_that_was_interrupted(tmp_path: Path, room: Path) -> None:
    """Ctrl-C while sorting removes the folder at once."""
    with pytest.raises(KeyboardInterrupt):
        EventFile.open(to_sort(write(tmp_path / "some.csv", shuffled())), interrupted)
    assert list(room.iterdir()) == []


def test_nothing_is_left_of_a_sort_that_met_a_bad_time(tmp_path: Path, room: Path) -> None:
    """A time that is refused while sorting is told with its row, and the folder goes."""
    rows = shuffled()
    rows[300] |= {"WHEN": "soon"}
    with pytest.raises(TransactionFileError, match="row 301, column WHEN: event_time must be a time"):
        EventFile.open(to_sort(write(tmp_path / "some.csv", rows)))
    assert list(room.iterdir()) == []


def test_a_full_disk_is_one_line(tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for the runs the line says where it is missing and what to do, and what was written goes."""
    file = write(tmp_path / "some.csv", shuffled())
    whole: Callable[[Path, bytes], int] = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if len(list(room.rglob("*"))) > 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TransactionFileError, match=r"cannot be sorted: .* \(No space left on device\); free some room"):
        EventFile.open(to_sort(file))
    assert list(room.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, room: Path) -> None:
    """A folder whose process is gone is removed when another file is sorted; one in use is not."""
    forsaken, young = room / f"{sorting.PREFIX}gone", room / f"{sorting.PREFIX}young"
    for each in (forsaken, young):
        each.mkdir()
    os.utime(forsaken, (1, 1))
    first = EventFile.open(to_sort(write(tmp_path / "some.csv", shuffled(50))))
    assert first.spec.sorted_in is not None
    os.utime(first.spec.sorted_in, (1, 1))
    second = EventFile.open(to_sort(write(tmp_path / "other.csv", shuffled(50))))
    assert set(room.iterdir()) == {young, first.spec.sorted_in, second.spec.sorted_in}


def test_the_folder_goes_with_its_process(tmp_path: Path, room: Path) -> None:
    """When a process ends, by itself or by an exception, nothing is left in the temporary folder."""
    file = write(tmp_path / "some.csv", shuffled(50))
    program = f"""
from pathlib import Path
from tests.replay.test_sorting import EventFile, to_sort
opened = EventFile.open(to_sort(Path({str(file)!r})))
assert opened.spec.sorted_in.is_dir()
raise KeyboardInterrupt
"""
    environment = os.environ | {"TMPDIR": str(room), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    assert b"KeyboardInterrupt" in done.stderr
    assert list(room.iterdir()) == []


def test_categories_are_sorted_as_their_texts(tmp_path: Path) -> None:
    """A column of categories keeps its texts through runs."""
    rows = shuffled(80)
    frame = pl.DataFrame(rows).with_columns(pl.col("CUSTOMER").cast(pl.String).cast(pl.Categorical))
    frame.write_parquet(tmp_path / "some.parquet")
    cards = [
        card for columns, _ in EventFile.open(to_sort(tmp_path / "some.parquet")).columns() for card in columns.cards
    ]
    assert cards == [str(int(each) % 3) for each in in_order(rows)]


def test_a_process_keeps_few_sorted_files(tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that sorts file after file keeps the latest, and sorts an earlier one again when it is asked for."""
    monkeypatch.setattr(sorting, "KEPT", 2)
    files = [write(tmp_path / f"{number}.csv", shuffled(20)) for number in range(4)]
    for file in files:
        EventFile.open(to_sort(file))
        assert len(list(room.iterdir())) <= 2
    assert ids(EventFile.open(to_sort(files[0]))) == in_order(shuffled(20))
