"""CSV: every row comes out as it was written, or the file is refused with the row."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.tables import csv_file, text
from sim.tables.reader import reader
from tests.support.sim.tables import answer, read, refusal, written

QUOTE = "quote the whole field and double the quotes in it, or remove them"
WIDTH = "but the header has 3 (separated by ',')"
NEVER = "never closes; remove it, or close the field with another"
RETURN = r'has "\r" alone in it, which ends no line; save the file with ordinary line ends'
FILLER = "".join(f"f{number},0,0\n" for number in range(5))


@pytest.fixture(params=[1 << 20, 8], ids=["one block", "many blocks"], autouse=True)
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in large blocks, and in blocks that end anywhere."""
    monkeypatch.setattr(text, "BLOCK_BYTES", request.param)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("a,b\n1,x\n2,y\n", {"a": ["1", "2"], "b": ["x", "y"]}),
        ("\ufeffa,b\r\n1,x\r\n2,y\r\n", {"a": ["1", "2"], "b": ["x", "y"]}),
        ('\ufeff"a","b"\r\n"1","x"\r\n', {"a": ["1"], "b": ["x"]}),
        ("a,b\n1,x\n2,y", {"a": ["1", "2"], "b": ["x", "y"]}),
        ("a,b\r\n1,x\n2,y\r", {"a": ["1", "2"], "b": ["x", "y"]}),
        ("a,b\n1,x\n\n  \n\r\n2,y\n\n\n", {"a": ["1", "2"], "b": ["x", "y"]}),
        ("\n\na,b\n1,x\n", {"a": ["1"], "b": ["x"]}),
        ("a,b,\n1,,\n,y,\n", {"a": ["1", None], "b": [None, "y"], "": [None, None]}),
        ('a,b\n"",x\n1,""\n', {"a": ["", "1"], "b": ["x", ""]}),
        ('a,b\n"x, y",1\n"say ""hi""",2\n', {"a": ["x, y", 'say "hi"'], "b": ["1", "2"]}),
        ('a,b\n"""x"" y",1\n"""",2\n', {"a": ['"x" y', '"'], "b": ["1", "2"]}),
        ('a,b\n"two\nlines",1\nx,2\n', {"a": ["two\nlines", "x"], "b": ["1", "2"]}),
        ('a,b\n1,"one\r\ntwo\n\nfour"\n', {"a": ["1"], "b": ["one\r\ntwo\n\nfour"]}),
        ('a,b\n1,"a\rb"\n', {"a": ["1"], "b": ["a\rb"]}),
        ("a,b\n 1 , x\n", {"a": [" 1 "], "b": [" x"]}),
        ("a,b\n\x01,x\n\x1b[2J,é\u2028\x85\n", {"a": ["\x01", "\x1b[2J"], "b": ["x", "é\u2028\x85"]}),
        ("a,b\n4000120000000357000001,4.00012E+15\n", {"a": ["4000120000000357000001"], "b": ["4.00012E+15"]}),
        ('a\n1\n""\nx\n', {"a": ["1", "", "x"]}),
    ],
)  # fmt: skip
def test_rows_come_out_as_they_were_written(tmp_path: Path, content: str, columns: dict[str, list[object]]) -> None:
    """Marks, line ends, blank lines, quotes and fields of several lines are read as rule-abiding writers mean them."""
    assert read(written(tmp_path, "some.csv", content)) == columns


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b,c\n1,2,3\n1,2\n", f"row 2: has 2 fields, {WIDTH}; mend or drop the row"),
        (
            "a,b,c\n1,2,3\n1,2,3,4\n",
            f"row 2: has 4 fields, {WIDTH}; quote a field that holds a comma, or drop the row",
        ),
        ("a,b,c\n\n1,2,3\n\n1\n", f"row 2, line 5: has 1 field, {WIDTH}; mend or drop the row"),
        (
            f'a,b,c\n{FILLER}1,2,"3\n{FILLER}',
            f"row 6, column c: a quote opens in row 6 and {NEVER}",
        ),
        ('a,b,"c\n1,2,3\n', f"line 1: a quote opens in the header and {NEVER}"),
        ('a,b,c\n1,2,15"\n', f"row 1, column c: has a quote in the middle of a field, '15\"'; {QUOTE}"),
        ('a,b,c\n1,2 "x" 3,4\n', f"row 1, column b: has a quote in the middle of a field, '2 \"x\" 3'; {QUOTE}"),
        ('a,b,c\n1, "x",4\n', f"row 1, column b: has a quote in the middle of a field, ' \"x\"'; {QUOTE}"),
        ('a,b,c\n1,"x"y,4\n', f"row 1, column b: has text after a closing quote; {QUOTE}"),
        ('a,b,c\n1,"x" ,4\n', f"row 1, column b: has text after a closing quote; {QUOTE}"),
        (
            f'a,b,c\n1,"x,4\n{FILLER}2,"y",5\n',
            "row 1, column b: a quote opens in row 1, and the next, 6 lines on, closes no field; remove the stray one",
        ),
        ("a,b,a\n1,2,3\n", "has 2 columns named a (number 1 and 3); rename all but one"),
        ("b,a,a,a\n1,2,3,4\n", "has 3 columns named a (number 2 and 3); rename all but one"),
        ("a,b\n1,x\0\n", "row 1: holds NUL bytes, which no text has; save it as UTF-8 text, or fetch it again"),
        ("a,b\n1,x\n2,\r3\n", f"row 2: {RETURN}"),
        ('a,b\n1,"x"\n2\r3,"y"\n', r'row 2, column a: has "\r" alone in it, which ends no line; quote the field'),
        ("a,b\r1,x\r2,y\r", f"line 1: {RETURN}"),
        ("", "is empty; give another file"),
        ("\ufeff", "is empty; give another file"),
        ("\n\n\r\n", "is empty; give another file"),
        ("sep=;\na;b\n1;2\n", "line 1: begins with a line for spreadsheets; remove it"),
        ("sep=,\na,b\n1,2\n", "line 1: begins with a line for spreadsheets; remove it"),
        ("a,b\n", "must hold at least one transaction, but has a header and no row; give another file"),
        ("a,b\n\n\n", "must hold at least one transaction, but has a header and no row; give another file"),
        ("a\n1\n\n2\n", 'line 3: is blank, which may be an absent value: write "" for that, or remove the line'),
        ('a,"b\nc"\n1,2\n', "line 1: has a column name of several lines; remove the line ends, or say multiline: true"),
    ],
)  # fmt: skip
def test_what_is_no_whole_row_is_refused_with_its_place(tmp_path: Path, content: str, said: str) -> None:
    """Each way in which a file can be broken has a sentence of its own, with the row, and the line if that differs."""
    assert refusal(written(tmp_path, "some.csv", content)) == f"some.csv: {said}"


def test_a_cell_that_would_obey_is_escaped(tmp_path: Path) -> None:
    """Nothing that a terminal could act upon reaches it from a file: not from a value, nor from a name."""
    assert "got" not in refusal(written(tmp_path, "some.csv", 'a,\x1b[2J\n1,\x1b]0;x\x07"\n'))
    said = refusal(written(tmp_path, "other.csv", "\x1b[2J,\x1b[2J\n1,2\n"))
    assert said == r"other.csv: has 2 columns named \x1b[2J (number 1 and 2); rename all but one"


@pytest.mark.parametrize(
    ("content", "rows", "column"),
    [
        ('a,b,c\n1,2,"\n3,4,5\n6,7,"\n8,9,0\n', "row 1 and closes in row 3", "c"),  # inner lines that are rows
        ('a,b,c\n1,2,"x\n3,4,y"\n', "row 1 and closes in row 2", "c"),  # two rows that became one
        ('a,b,c\n"1,2,x\n3",4,y\n', "row 1 and closes in row 2", "a"),
        ('a,b,c\n1,"x,5\n2,y","s, t"\n', "row 1 and closes in row 2", "b"),  # beside fields with commas in quotes
        ('a,b,c\n1,2,"\n3,4\n5,6,7\n8,9,"\n', "row 1 and closes in row 4", "c"),  # one of the lost rows was broken
        ('a,b,c\n0,0,0\n1,"\n2,3,4\n5,",6\n', "row 2 and closes in row 4", "b"),
    ],
)  # fmt: skip
def test_quotes_that_may_have_joined_rows_are_refused(tmp_path: Path, content: str, rows: str, column: str) -> None:
    """A field of several lines that look like whole rows is refused with both rows, unless it is said to be meant."""
    file = written(tmp_path, "some.csv", content)
    said = refusal(file)
    assert f"column {column}: a quote opens in {rows}, if each line is a row, as they look" in said
    assert said.endswith("remove the stray quotes, or add multiline: true to events if it is one field")
    first = read(file, multiline=True)
    assert any("\n" in str(value) for value in first[column])


def test_a_column_without_a_name_cannot_be_mapped(tmp_path: Path) -> None:
    """Spreadsheets leave columns without a name, which does no harm until one is asked for."""
    file = written(tmp_path, "some.csv", "a,,\n1,2,3\n")
    assert reader(file).columns({"a"}) == ["a", "", ""]
    with pytest.raises(Exception, match="has no one column without a name"):
        reader(file).columns({"a", ""})


def test_bytes_that_are_not_utf_8_are_told_with_their_row(tmp_path: Path) -> None:
    """The row is that of the first such byte; UTF-16 has a sentence of its own."""
    latin = "a,b\n1,x\n2,café\n3,y\n".encode("latin-1")
    assert refusal(written(tmp_path, "some.csv", latin)) == "some.csv: row 2: is not UTF-8; save the file as UTF-8"
    quoted = 'a,b\n1,"café\nx"\n3,y\n'.encode("latin-1")
    assert refusal(written(tmp_path, "some.csv", quoted)) == "some.csv: row 1: is not UTF-8; save the file as UTF-8"
    header = "caf\xe9,b\n1,x\n".encode("latin-1")
    assert refusal(written(tmp_path, "some.csv", header)) == "some.csv: line 1: is not UTF-8; save the file as UTF-8"
    for encoding in ("utf-16", "utf-16-be"):
        wide = ("" if encoding == "utf-16" else "\ufeff") + "a,b\n1,x\n"
        file = written(tmp_path, "some.csv", wide.encode(encoding))
        assert refusal(file) == "some.csv: is UTF-16: save it as UTF-8"


@pytest.mark.parametrize(("separator", "word"), [(";", "';'"), ("\t", "tab"), ("|", "'|'")])
def test_another_separator_is_said_and_its_key_reads_it(tmp_path: Path, separator: str, word: str) -> None:
    """Columns that are not separated as asked for are refused with the key to write, and read by that."""
    file = written(tmp_path, "some.csv", f"a{separator}b\n1{separator}2,5\n")
    name = "a tab" if separator == "\t" else word
    assert refusal(file) == f"some.csv: columns are separated by {name}: add separator: {word} to events"
    assert read(file, separator) == {"a": ["1"], "b": ["2,5"]}


def test_a_header_that_fits_partly_is_judged_by_what_is_wanted(tmp_path: Path) -> None:
    """With another separator in a name, the one with which the wanted columns are there is told; and so for a comma."""
    file = written(tmp_path, "some.csv", 'id;"amount, EUR";card\n1;2;3\n')
    with pytest.raises(Exception, match="columns are separated by ';': add separator: ';' to events"):
        reader(file).columns({"id", "card"})
    commas = written(tmp_path, "other.csv", "id,card\n1,2\n")
    with pytest.raises(Exception, match="columns are separated by ',': add separator: ',' to events"):
        reader(commas, separator=";").columns({"id", "card"})
    assert reader(commas).columns({"id", "cord"}) == ["id", "card"]


def test_a_tsv_is_separated_by_tabs_and_a_txt_by_what_is_said(tmp_path: Path) -> None:
    """The name of a .tsv says its separator; that of a .txt says nothing, so the scenario must."""
    assert read(written(tmp_path, "some.tsv", "a\tb\n1\t\n\t\n")) == {"a": ["1", None], "b": [None, None]}
    plain = written(tmp_path, "some.txt", "a|b\n1|2\n")
    assert refusal(plain).endswith("may have any separator: add separator: tab (or comma, semicolon, pipe) to events")
    assert read(plain, "|") == {"a": ["1"], "b": ["2"]}


def test_neither_a_line_nor_an_open_quote_fills_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line beyond a bound is refused by its number, and a field that goes on beyond one by its row."""
    monkeypatch.setattr(text, "BLOCK_BYTES", 8)
    monkeypatch.setattr(text, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(csv_file, "MAX_ROW_CHARACTERS", 100)
    longest = written(tmp_path, "some.csv", f"a,b\n1,{'x' * 98}\n")
    assert read(longest)["b"] == ["x" * 98]
    longer = written(tmp_path, "some.csv", f"a,b\n1,{'x' * 99}\n")
    assert "line 2: is longer than 100 bytes, which no row is" in refusal(longer)
    endless = written(tmp_path, "some.csv", 'a,b\n0,0\n1,"\n' + "x\n" * 1000)
    assert "row 2, column b: a quote opens in row 2 and never closes within 100 characters" in refusal(endless)
    old = written(tmp_path, "some.csv", "a,b\r" + "1,2\r" * 100)
    assert 'line 1: ends its lines with "\\r" alone; save it with ordinary line ends' in refusal(old)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the size of blocks is the same for all
@given(st.text(st.sampled_from('a1",\n\r\0\1é'), max_size=40), st.booleans())
def test_the_quick_path_reads_what_the_careful_one_reads(content: str, multiline: bool) -> None:
    """Whatever a file holds, looking at blocks gives the rows, or the refusal, that looking at each row gives."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        file = written(Path(folder), "some.csv", "x,y\n" + content)
        quick = answer(file, multiline=multiline)
        patch.setattr(csv_file.CsvRows, "_regular", lambda *_: None)
        assert answer(file, multiline=multiline) == quick
