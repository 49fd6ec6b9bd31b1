"""Reading files of transactions: what comes out, in every format."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from actors.core.clock import US_PER_DAY
from actors.core.transaction import Columns
from sim.replay.event_file import EventFile
from sim.replay.spec import Period
from sim.tables import reader
from tests.support.sim.event_files import row, spec, write

START_US = 1_522_540_800_000_000  # 2018-04-01
MINUTE_US = 60_000_000


def read(file: EventFile, period: Period | None = None) -> tuple[list[Columns], list[int]]:
    """Return the frames of ``file`` and all its labels."""
    frames = list(file.columns(period) if period else file.columns())
    return [columns for columns, _ in frames], [int(each) for _, fraud in frames for each in fraud]


def test_every_format_gives_the_same_columns(tmp_path: Path, ending: str) -> None:
    """A transaction reads the same from CSV, JSON lines and Parquet: names as text, money to the cent, times as UTC."""
    file = write(tmp_path / f"some.{ending}", [row(number) for number in range(6)])
    (columns,), fraud = read(EventFile.open(spec(file)))
    assert columns.ids == ["0", "1", "2", "3", "4", "5"]
    assert columns.cards == ["0", "1", "2", "0", "1", "2"]
    assert columns.merchants == ["0", "1", "2", "3", "4", "0"]
    assert columns.event_us.tolist() == [START_US + number * MINUTE_US for number in range(6)]
    assert columns.amount.tolist() == [10.25, 11.25, 12.25, 13.25, 14.25, 15.25]
    assert columns.cents.tolist() == [1025, 1125, 1225, 1325, 1425, 1525]
    assert fraud == [1, 0, 0, 0, 1, 0]
    assert columns.category == [None] * 6
    assert np.isnan(columns.lat).all()


def test_absent_optional_values_stay_absent(tmp_path: Path, ending: str) -> None:
    """An empty optional value is missing, never a default."""
    rows = [row(0, WHERE=50.85, KIND="fuel"), row(1, WHERE=None, KIND=None)]
    file = write(tmp_path / f"some.{ending}", rows)
    (columns,), _ = read(EventFile.open(spec(file, lat="WHERE", category="KIND")))
    assert columns.category == ["fuel", None]
    assert columns.lat[0] == 50.85
    assert np.isnan(columns.lat[1])


def test_a_period_is_half_open(tmp_path: Path, ending: str) -> None:
    """A period holds its first instant and not its last."""
    file = EventFile.open(spec(write(tmp_path / f"some.{ending}", [row(number) for number in range(9)])))
    (columns,), _ = read(file, Period(START_US + 2 * MINUTE_US, START_US + 5 * MINUTE_US))
    assert columns.ids == ["2", "3", "4"]


def test_equal_times_keep_the_order_of_the_file(tmp_path: Path, ending: str) -> None:
    """Rows with equal times come out as they stand in the file."""
    rows = [row(number, TX=name, WHEN="2018-04-01T00:00:00") for number, name in enumerate("dacb")]
    (columns,), _ = read(EventFile.open(spec(write(tmp_path / f"some.{ending}", rows))))
    assert columns.ids == ["d", "a", "c", "b"]


def test_frames_are_bounded_and_whole(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the file, a frame holds a bounded number of rows, and together they hold all, in order."""
    monkeypatch.setattr(reader, "FRAME_ROWS", 7)
    file = EventFile.open(spec(write(tmp_path / f"some.{ending}", [row(number) for number in range(50)])))
    frames, _ = read(file)
    assert max(map(len, frames)) <= 7
    assert [name for frame in frames for name in frame.ids] == [str(number) for number in range(50)]


def test_contents_count_and_span_the_period(tmp_path: Path, ending: str) -> None:
    """The contents of a period are its rows, frauds and first and last times."""
    file = EventFile.open(spec(write(tmp_path / f"some.{ending}", [row(number) for number in range(9)])))
    contents = file.contents()
    assert (contents.rows, contents.frauds) == (9, 3)
    assert (contents.first_us, contents.last_us) == (START_US, START_US + 8 * MINUTE_US)


def test_a_file_without_labels_has_no_fraud(tmp_path: Path, ending: str) -> None:
    """Without a column for fraud every label is 0 and the spec says so."""
    rows = [row(number) for number in range(4)]
    unlabelled = spec(write(tmp_path / f"some.{ending}", rows), fraud=None)
    assert not unlabelled.labelled
    assert read(EventFile.open(unlabelled))[1] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "when",
    [
        "2018-04-01 00:00:31",
        "2018-04-01T00:00:31.000",
        "2018-04-01T02:00:31+02:00",
        "2018-04-01T00:00:31Z",
        "1522540831000000",
    ],
)
def test_times_are_read_as_people_write_them(tmp_path: Path, when: str) -> None:
    """ISO 8601 with or without an offset, and microseconds since 1970, are all the same instant."""
    file = write(tmp_path / "some.csv", [row(0, WHEN=when)])
    (columns,), _ = read(EventFile.open(spec(file)))
    assert columns.event_us.tolist() == [START_US + 31_000_000]


def test_times_without_an_offset_are_in_the_file_s_zone(tmp_path: Path, ending: str) -> None:
    """A zone shifts times without an offset, as local clocks do: Brussels is two hours ahead in April."""
    plain = spec(write(tmp_path / f"some.{ending}", [row(0)]))
    (columns,), _ = read(EventFile.open(type(plain)(plain.file, plain.columns, timezone="Europe/Brussels")))
    assert columns.event_us.tolist() == [START_US - 2 * 3600 * 1_000_000]


def test_thirty_two_bit_amounts_are_read_to_the_cent(tmp_path: Path) -> None:
    """81.51 stored in 32 bits is 81.51, not 81.51000213623047."""
    rows = [row(0, AMOUNT=81.51)]
    frame = pl.DataFrame(rows).with_columns(pl.col("AMOUNT").cast(pl.Float32), pl.col("WHEN").str.to_datetime())
    frame.write_parquet(tmp_path / "some.parquet")
    (columns,), _ = read(EventFile.open(spec(tmp_path / "some.parquet")))
    assert columns.amount.tolist() == [81.51]


def test_a_period_includes_its_last_day_whole() -> None:
    """A bare day as end means all of that day; an instant means that instant."""
    assert Period.of("2018-07-25", "2018-07-31").days == 7
    assert (
        Period.of("2018-07-25", "2018-07-31T12:00").to_us
        == Period.of("2018-07-25", "2018-07-30").to_us + US_PER_DAY // 2
    )
    assert Period.of("2018-04-01", "2018-04-01").from_us == START_US
    assert dt.datetime.fromtimestamp(START_US / 1e6, dt.UTC).isoformat() == "2018-04-01T00:00:00+00:00"
