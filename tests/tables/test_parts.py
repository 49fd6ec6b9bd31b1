"""Folders and patterns: all their files in order, or refused; and what a name says about a file."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from actors.core.errors import TransactionFileError
from sim.tables.files import digest, exists, parts_of
from sim.tables.reader import reader
from tests.support.sim.tables import read, refusal, written

KNOWN = ".csv, .tsv, .txt, .jsonl, .ndjson, .parquet"


def parts(folder: Path, *names: str, content: str = "a,b\n{name},1\n") -> Path:
    """Return a new folder with a file of each name, which has its name in it."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(content.format(name=name))
    return folder


def table(file: Path, columns: dict[str, list[str]]) -> Path:
    """Write ``columns`` in the format of the file's ending."""
    frame = pl.DataFrame(columns)
    if file.suffix == ".parquet":
        frame.write_parquet(file)
    elif file.suffix == ".jsonl":
        frame.write_ndjson(file)
    else:
        frame.write_csv(file)
    return file


def test_parts_are_read_in_order_of_their_numbers(tmp_path: Path) -> None:
    """Part 9 comes before part 10, hidden files and marks are no parts, and a pattern reads what fits it."""
    folder = parts(
        tmp_path / "some", "part-10.csv", "part-9.csv", "part-1.csv", ".part-2.csv.crc", "_SUCCESS", ".hidden"
    )
    assert read(folder) == {"a": ["part-1.csv", "part-9.csv", "part-10.csv"], "b": ["1", "1", "1"]}
    assert read(folder / "part-1*.csv")["a"] == ["part-1.csv", "part-10.csv"]
    assert read(tmp_path / "*" / "part-?.csv")["a"] == ["part-1.csv", "part-9.csv"]


def test_a_name_with_signs_of_a_pattern_is_first_a_name(tmp_path: Path) -> None:
    """A file may be called data[1].csv."""
    file = written(tmp_path, "data[1].csv", "a,b\n1,2\n")
    written(tmp_path, "data1.csv", "a,b\n3,4\n")
    assert parts_of(file) == [file]


def test_parts_may_be_empty_but_not_all_of_them(tmp_path: Path) -> None:
    """A part with a header alone is skipped, as Spark writes them; all of them without a row are refused."""
    folder = parts(tmp_path / "some", "1.csv", "2.csv", content="a,b\n")
    assert "must hold at least one transaction" in refusal(folder)
    parts(folder, "3.csv")
    assert read(folder)["a"] == ["3.csv"]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "parquet"])
def test_a_part_that_is_a_copy_of_another_is_refused(tmp_path: Path, ending: str) -> None:
    """As it is, or by a link: without ids nothing else would tell that all of its rows count twice."""
    plain = table(tmp_path / f"data.{ending.removesuffix('.gz')}", {"a": ["1", "2"], "b": ["x", "y"]})
    content = gzip.compress(plain.read_bytes(), mtime=0) if ending.endswith(".gz") else plain.read_bytes()
    folder = parts(tmp_path / "some")
    (folder / f"1.{ending}").write_bytes(content)
    copy = folder / f"1 (1).{ending}"
    copy.write_bytes(content)
    assert "is a copy of 1 (1)" in refusal(folder)
    copy.unlink()
    copy.symlink_to(f"1.{ending}")
    assert "is a copy of 1 (1)" in refusal(folder)
    copy.unlink()
    assert read(folder)["a"] == ["1", "2"]


def test_a_row_is_told_with_its_part(tmp_path: Path) -> None:
    """A row is numbered in its own file, whichever of them was read before."""
    folder = parts(tmp_path / "some", "1.csv", "2.csv", "3.csv", content="a,b\n1,{name}\n\n3,4\n")
    source = reader(folder)
    assert sum(map(len, source.frames(["a"]))) == 6
    places = [(file.name, row) for file, row in map(source.place, range(1, 7))]
    assert places == [("1.csv", 1), ("1.csv", 2), ("2.csv", 1), ("2.csv", 2), ("3.csv", 1), ("3.csv", 2)]
    (folder / "2.csv").write_text("a,b\n1,2\n3\n")
    assert (
        refusal(folder)
        == "some/2.csv: row 2: has 1 field, but the header has 2 (separated by ','); mend or drop the row"
    )


def test_parts_must_be_alike(tmp_path: Path) -> None:
    """Other columns, another order, another type or another kind of file are refused with the part."""
    folder = parts(tmp_path / "some", "1.csv", "2.csv")
    (folder / "2.csv").write_text("a,c\n1,2\n")
    assert refusal(folder) == "some/2.csv: has other columns than 1.csv, such as c; give each part the same columns"
    (folder / "2.csv").write_text("b,a\n1,2\n")
    assert (
        refusal(folder) == "some/2.csv: has other columns than 1.csv, in another order; give each part the same columns"
    )
    (folder / "2.csv").rename(folder / "2.jsonl")
    text = "has files of several kinds, such as 1.csv, 2.jsonl; give a pattern, such as *.csv"
    assert refusal(folder) == f"some: {text}"
    typed = tmp_path / "typed"
    typed.mkdir()
    pl.DataFrame({"a": [1]}).write_parquet(typed / "1.parquet")
    pl.DataFrame({"a": ["x"]}).write_parquet(typed / "2.parquet")
    text = "column a: is String here, but Int64 in 1.parquet; give each part the same types"
    assert refusal(typed) == f"typed/2.parquet: {text}"


@pytest.mark.parametrize("name", ["*", "^a.*$", "^$"])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_name_that_reads_as_a_pattern_of_names_is_refused(tmp_path: Path, name: str, ending: str) -> None:
    """Where columns are computed with, such a name means others, or none."""
    file = table(tmp_path / f"some.{ending}", {"a": ["1"], name: ["2"]})
    assert refusal(file) == f"some.{ending}: has a column named {name}, which reads as a pattern; rename it"


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_what_is_said_of_csv_is_refused_of_anything_else(tmp_path: Path, ending: str) -> None:
    """A key that has no use is not ignored."""
    file = table(tmp_path / f"some.{ending}", {"a": ["1"]})
    kind = {"jsonl": "JSON lines", "parquet": "Parquet"}[ending]
    assert refusal(file, ",") == f"some.{ending}: is {kind}, and separator is for CSV alone; leave it out"
    assert refusal(file, multiline=True) == f"some.{ending}: is {kind}, and multiline is for CSV alone; leave it out"


def test_json_lines_of_several_files_share_their_columns(tmp_path: Path) -> None:
    """A key that only a later part has is a column of all."""
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "1.jsonl").write_text('{"a": 1}\n')
    (folder / "2.jsonl").write_text('{"b": 2}\n')
    assert read(folder) == {"a": ["1", None], "b": [None, "2"]}


def test_a_folder_that_is_none_of_parts_is_refused(tmp_path: Path) -> None:
    """Nothing, folders inside, a file of no rows, a pattern that fits nothing: each has its sentence."""
    empty = parts(tmp_path / "empty", "_SUCCESS")
    assert refusal(empty) == "empty: is a folder without files of transactions; give a file, or another folder"
    assert refusal(empty / "*.csv") == "*.csv: fits no file; check the pattern, and the folder it starts from"
    assert (
        refusal(tmp_path / "absent") == "absent: no such file; give the path of a file of transactions in events.file"
    )
    hive = tmp_path / "hive"
    parts(tmp_path / "hive").joinpath("year=2024").mkdir()
    text = "has folders in it, year=2024 (values in their names are not read); give a pattern, such as hive/*/*.parquet"
    assert refusal(hive) == f"hive: {text}"
    parts(hive / "year=2024", "1.csv")
    assert read(hive / "*" / "*.csv")["a"] == ["1.csv"]
    assert "is an archive" in refusal(parts(tmp_path / "mixed", "1.csv", "readme.zip"))
    assert "must be a file or a folder of files" in refusal(Path("/dev/null"))


def test_a_digest_is_of_what_the_files_hold(tmp_path: Path) -> None:
    """It depends on every byte and on the order, and neither on the folder nor on names that leave the order."""
    first = parts(tmp_path / "first", "1.csv", "2.csv")
    second = tmp_path / "second"
    first.rename(second)
    before = digest(second)
    (second / "2.csv").rename(second / "3.csv")
    assert digest(second) == before
    assert digest(second / "*.csv") == before
    (second / "3.csv").rename(second / "0.csv")
    assert digest(second) != before
    alone = written(tmp_path, "alone.csv", "a,b\n1,2\n")
    assert digest(alone) == digest(written(tmp_path, "other.csv", "a,b\n1,2\n"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("some.zip", "is an archive: unpack it, and give the file that was in it"),
        ("some.tar.gz", "is an archive: unpack it, and give the file that was in it"),
        ("some.csv.zst", "is packed: unpack it, and give the file that was in it (only .gz is read as it is)"),
        ("some.xlsx", "is a spreadsheet: save it as CSV (UTF-8), and give that"),
        ("some.feather", "is not read here: convert it to Parquet or CSV"),
        ("some.json", "may be JSON lines: with one object a line, name it .jsonl"),
        ("some.sqlite", "is a database: export the table as CSV"),
        ("some", f"must end in one of {KNOWN}, each also with .gz; convert or rename the file"),
    ],
)  # fmt: skip
def test_a_name_of_another_format_says_what_to_do(tmp_path: Path, name: str, said: str) -> None:
    """What is not read here is told by what it is, with the way to make it readable."""
    assert refusal(written(tmp_path, name, "x")) == f"{name}: {said}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1 ... PAR1", "is Parquet inside: let its name end in .parquet"),
        (gzip.compress(b"a,b\n", mtime=0), "is packed by gzip: let its name end in .gz"),
        (b"PK\x03\x04...", "is a zip archive or a spreadsheet inside: unpack it, or save it as CSV (UTF-8)"),
        (b"\x28\xb5\x2f\xfd...", "is packed by zstd: unpack it, and give the file that was in it"),
        (b"\xd0\xcf\x11\xe0...", "is a spreadsheet inside: save it as CSV (UTF-8), and give that"),
    ],
)
def test_content_that_belies_the_name_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    """The first bytes of a file say when it is not what its name says, packed or not."""
    assert refusal(written(tmp_path, "some.csv", content)) == f"some.csv: {said}"
    assert refusal(written(tmp_path, "some.csv.gz", gzip.compress(content))) == f"some.csv.gz: {said}"


def test_what_exists_may_be_a_folder_or_a_pattern(tmp_path: Path) -> None:
    """A path is there when it is a file or folder, or fits one."""
    folder = parts(tmp_path / "some", "1.csv")
    assert exists(folder)
    assert exists(folder / "1.csv")
    assert exists(folder / "*.csv")
    assert not exists(folder / "*.parquet")
    assert not exists(folder / ("x" * 5000))
    with pytest.raises(TransactionFileError, match="no such file"):
        parts_of(folder / ("x" * 5000))
