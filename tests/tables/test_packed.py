"""Files packed by gzip, and Parquet: whole, or refused with what is wrong."""

import gzip
import tempfile
import zlib
from pathlib import Path

import polars as pl
import pytest

from actors.core.errors import TransactionFileError
from sim.tables import parquet, text
from tests.support.repository import run_python
from tests.support.sim.tables import read, refusal, written

AGAIN = "fetch or pack it again"
PLAIN = "a,b\n" + "1,x\n2,y\n" * 2000


def test_every_format_is_read_packed(tmp_path: Path) -> None:
    """Packed, also in several members, a file gives the same as plain."""
    several = gzip.compress(PLAIN[:5000].encode()) + gzip.compress(PLAIN[5000:].encode())
    assert read(written(tmp_path, "some.csv.gz", several)) == read(written(tmp_path, "some.csv", PLAIN))
    tabs = gzip.compress(PLAIN.replace(",", "\t").encode())
    assert read(written(tmp_path, "some.TSV.GZ", tabs)) == read(tmp_path / "some.csv")
    lines = gzip.compress(b'{"a": 1}\n')
    assert read(written(tmp_path, "some.jsonl.gz", lines)) == {"a": ["1"]}
    pl.DataFrame({"a": [1, 2]}).write_parquet(tmp_path / "some.parquet")
    packed = gzip.compress((tmp_path / "some.parquet").read_bytes())
    assert read(written(tmp_path, "some.parquet.gz", packed)) == {"a": [1, 2]}


def flipped(content: bytes, at: int) -> bytes:
    """Return ``content`` with all bits of one byte the other way round."""
    changed = bytearray(content)
    changed[at] ^= 255
    return bytes(changed)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda packed: packed[:-12], f"is cut off: its gzip data ends in the middle; {AGAIN}"),
        (lambda packed: packed[:5], f"is cut off: its gzip data ends in the middle; {AGAIN}"),
        (lambda packed: packed + b"x", f"has something after its gzip data that is none; remove that, or {AGAIN}"),
        (lambda packed: flipped(packed, -6), f"is damaged: its gzip data does not match its checksum; {AGAIN}"),
        (lambda packed: flipped(packed, 30), f"is damaged: its gzip data does not unpack; {AGAIN}"),
        (lambda packed: zlib.compress(b"x"), "is not packed by gzip: let its name end without .gz"),
        (lambda packed: b"", "is empty; give another file"),
        (lambda packed: gzip.compress(b""), "is empty; give another file"),
    ],
)  # fmt: skip
def test_damaged_gzip_data_are_told_apart(tmp_path: Path, damage: object, said: str) -> None:
    """Cut off, damaged, followed by something else, not packed at all: each has a sentence of its own."""
    assert callable(damage)
    file = written(tmp_path, "some.csv.gz", damage(gzip.compress(PLAIN.encode())))
    assert refusal(file) == f"some.csv.gz: {said}"


def test_zeros_that_pad_gzip_data_do_no_harm(tmp_path: Path) -> None:
    """Tape and block devices pad with zeros, which gzip itself ignores."""
    file = written(tmp_path, "some.csv.gz", gzip.compress(b"a,b\n1,2\n") + b"\0" * 100)
    assert read(file) == {"a": ["1"], "b": ["2"]}


def test_a_line_that_unpacks_without_end_is_refused_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that would unpack to a line that fills memory is refused after a bounded part of it."""
    monkeypatch.setattr(text, "BLOCK_BYTES", 1 << 12)
    monkeypatch.setattr(text, "MAX_LINE_BYTES", 1 << 14)
    file = written(tmp_path, "some.csv.gz", gzip.compress(b"a,b\n1," + b"x" * (1 << 22)))
    assert refusal(file).startswith("some.csv.gz: line 2: is longer than 16,384 bytes")


def test_parquet_that_unpacks_without_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parquet is unpacked to a temporary file, which may not grow far beyond the packed one; no such file stays."""
    monkeypatch.setattr(parquet, "PIECE_BYTES", 1 << 10)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = written(tmp_path, "some.parquet.gz", gzip.compress(b"PAR1" + bytes(1 << 20)))
    assert refusal(file) == "some.parquet.gz: unpacks to more than 100 times its size; unpack it with gunzip"
    assert list(tmp_path.iterdir()) == [file]


def test_parquet_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found readable and is not any more is no trace either."""
    file = tmp_path / "some.parquet"
    pl.DataFrame({"a": range(100)}).write_parquet(file)
    passes = iter([[60, 40], [60]])  # rows of each batch, in the pass that judges and in the one that is used
    monkeypatch.setattr(parquet, "_batches", lambda *_: iter([pl.DataFrame({"a": range(n)}) for n in next(passes)]))
    frames = parquet.ParquetFile(file, packed=False).frames(["a"])
    assert len(next(frames)) == 60
    with pytest.raises(TransactionFileError, match="is damaged"):
        next(frames)


def test_a_missing_temporary_folder_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be unpacked to, the file can be unpacked by hand."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    said = refusal(written(tmp_path, "some.parquet.gz", gzip.compress(b"PAR1")))
    assert said == "some.parquet.gz: cannot be unpacked (No such file or directory); unpack it with gunzip"


def test_parquet_that_is_none_or_not_whole_is_told(tmp_path: Path) -> None:
    """Empty, something else, packed, cut off, damaged, or with two columns of one name."""
    pl.DataFrame({"aa": [1] * 500, "ab": [2] * 500}).write_parquet(
        tmp_path / "good.parquet", compression="uncompressed"
    )
    good = (tmp_path / "good.parquet").read_bytes()
    cut = "is cut off: it does not end as Parquet does; fetch or write it again"
    damaged = "is damaged: it cannot be read as Parquet; fetch or write it again"
    for content, said in (
        (b"", "is empty; give another file"),
        (b"a,b\n", "is not Parquet: it does not begin as Parquet does; give it the ending of what it is"),
        (gzip.compress(good), "is packed by gzip: let its name end in .parquet.gz"),
        (good[:-100], cut),
        (b"PAR1", damaged),
        (good[:-40] + b"\xff" * 30 + good[-10:], damaged),
        (good.replace(b"ab", b"aa"), "has two columns of one name; rename one"),
    ):
        assert refusal(written(tmp_path, "some.parquet", content)) == f"some.parquet: {said}"


def test_a_damaged_file_says_nothing_of_its_own(tmp_path: Path) -> None:
    """The line of the refusal is all: whatever the library writes by itself when it panics is kept off the terminal."""
    frame = pl.DataFrame({"a": [f"x{number}" for number in range(5_000)], "b": range(5_000)})
    frame.write_parquet(tmp_path / "some.parquet", compression="uncompressed")
    content = bytearray((tmp_path / "some.parquet").read_bytes())
    content[40:4000] = b"\xff" * 3960
    file = written(tmp_path, "some.parquet", bytes(content))
    lines = f"""
import pathlib, sys
from actors.core.errors import TransactionFileError
from sim.tables.reader import reader
try:
    source = reader(pathlib.Path({str(file)!r}))
    list(source.frames(source.columns()))
except TransactionFileError as error:
    print(error)
"""
    done = run_python("-c", lines)
    assert done.stderr == ""
    assert done.stdout == f"{file}: is damaged: it cannot be read as Parquet; fetch or write it again\n"
