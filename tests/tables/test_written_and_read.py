"""Random tables, written in each format: what is read is what was written, or the file is refused."""

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.tables import text
from tests.support.sim.tables import Table, answer, written

CHARACTERS = st.sampled_from("ab7é\"',;|\t\n\r \\{}[]:#\u2028\U0001f600\x1b")
VALUES = st.none() | st.text(CHARACTERS, max_size=6) | st.from_regex(r"[0-9]{19,24}", fullmatch=True)
NAMES = st.lists(st.text(st.sampled_from('ab "é,;\t'), min_size=1, max_size=4), min_size=1, max_size=4, unique=True)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Return some columns of texts, absent ones among them, with one row or more."""
    names = draw(NAMES)
    rows = draw(st.lists(st.tuples(*[VALUES] * len(names)), min_size=1, max_size=5))
    return {name: [row[number] for row in rows] for number, name in enumerate(names)}


def agrees(content: bytes, name: str, table: Table, separator: str | None = None, *, multiline: bool = False) -> bool:
    """Tell whether ``content`` reads as ``table``; False when it is refused, and never anything else."""
    with tempfile.TemporaryDirectory() as folder:
        found = answer(written(Path(folder), name, content), separator, multiline=multiline)
    assert isinstance(found, str) or found == table
    return found == table


@pytest.mark.parametrize("size", [1 << 20, 5])
@pytest.mark.parametrize(("separator", "name"), [(",", "some.csv"), (";", "some.csv"), ("\t", "some.tsv.gz")])
@given(table=tables())
def test_csv_gives_what_was_written_or_is_refused(table: Table, separator: str, name: str, size: int) -> None:
    """Whatever polars writes as CSV, with quotes where it wants them, comes back to the letter, or not at all."""
    frame = pl.DataFrame(table, schema=dict.fromkeys(table, pl.String))
    content = frame.write_csv(separator=separator).encode()
    packed = gzip.compress(content) if name.endswith(".gz") else content
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK_BYTES", size)
        agrees(packed, name, table, separator=separator)
        if len(table) > 1 and not any("\n" in each for each in table):
            assert agrees(packed, name, table, separator=separator, multiline=True)


@pytest.mark.parametrize("size", [1 << 20, 5])
@given(table=tables(), ends=st.sampled_from(["\n", "\r\n"]), mark=st.sampled_from(["", "\ufeff"]))
def test_quoting_all_or_little_makes_no_difference(table: Table, ends: str, mark: str, size: int) -> None:
    """A file whose fields are all quoted gives the same as one that quotes what it must, but for empty fields."""
    rows = list(zip(*table.values(), strict=True))
    filled = {name: [value or "" for value in values] for name, values in table.items()}
    bare = {name: [value or None for value in values] for name, values in table.items()} if len(table) > 1 else filled
    dialects: list[tuple[Literal[0, 1], Table]] = [(csv.QUOTE_ALL, filled), (csv.QUOTE_MINIMAL, bare)]
    for quoting, expected in dialects:
        target = io.StringIO()
        csv.writer(target, quoting=quoting, lineterminator=ends).writerows([list(table), *rows])
        if quoting == csv.QUOTE_MINIMAL and ends == "\n" and any("\r" in (cell or "") for row in rows for cell in row):
            continue  # this writer leaves a carriage return bare then, which no reader can tell from a line's end
        content = (mark + target.getvalue()).encode()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text, "BLOCK_BYTES", size)
            agrees(content, "some.csv", expected, multiline=len(table) > 1)


@given(table=tables())
def test_json_lines_give_what_was_written(table: Table) -> None:
    """Texts come back to the letter, and what is absent or null stays absent."""
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    full = "".join(json.dumps(row) + "\n" for row in rows)
    assert agrees(full.encode(), "some.jsonl", table)
    assert agrees(gzip.compress(full.encode()), "some.ndjson.gz", table)
    sparse = [{name: value for name, value in row.items() if value is not None} for row in rows]
    there = {name: values for name, values in table.items() if any(value is not None for value in values)}
    unescaped = "\r\n".join(json.dumps(row, ensure_ascii=False) for row in sparse)
    assert agrees(("\ufeff" + unescaped).encode(), "some.jsonl", there) or not there


@given(table=tables(), gzipped=st.booleans())
def test_parquet_gives_what_was_written(table: Table, gzipped: bool) -> None:
    """Values of a type of their own come back as they are."""
    frame = pl.DataFrame(table, schema=dict.fromkeys(table, pl.String)).with_row_index("number")
    target = io.BytesIO()
    frame.write_parquet(target)
    content = gzip.compress(target.getvalue()) if gzipped else target.getvalue()
    name = "some.parquet.gz" if gzipped else "some.parquet"
    numbers: Table = {"number": list(range(len(frame)))}
    assert agrees(content, name, numbers | table)


@given(numbers=st.lists(st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)))
def test_numbers_in_json_keep_their_digits(numbers: list[str]) -> None:
    """A number of JSON is the text that stands there, however long and in whatever form."""
    lines = "".join(f'{{"a": {number}}}\n' for number in [*numbers, "1"])
    assert agrees(lines.encode(), "some.jsonl", {"a": [*numbers, "1"]})


SOUND = {
    "some.csv": b'id,note,amount\n1,"two\nlines",3.5\n2,"say ""hi""",4\n3,,5\n"4","x, y",6\n',
    "some.jsonl": b'{"id": 1, "note": "two\\nlines"}\n{"id": 2, "amount": 4.50}\n\n{"id": 3, "note": null}\n',
    "some.csv.gz": gzip.compress(b"id,note\n1,x\n2,y\n", mtime=0),
}


@pytest.mark.parametrize("name", list(SOUND))
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line(name: str, data: st.DataObject) -> None:
    """Whatever bytes are changed, removed or added, there are whole rows or one printable line, never a trace."""
    content = bytearray(SOUND[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        piece = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b'{"a":', b"\xff\xfe"])
        )
        content[at : at + data.draw(st.integers(0, 3))] = piece
    _answered(bytes(content), name)


@pytest.mark.parametrize("name", ["some.csv", "some.jsonl", "some.csv.gz", "some.parquet", "some.parquet.gz"])
@given(content=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_in_one_line(name: str, content: bytes) -> None:
    """A file of noise is refused, or has the rows that it says."""
    _answered(content, name)


def _answered(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = answer(written(Path(folder), name, content))
    assert isinstance(found, str) or len({len(values) for values in found.values()}) == 1
