"""JSON lines: by the same rules as CSV, with every digit as it was written."""

from pathlib import Path

import pytest

from actors.core.errors import TransactionFileError
from sim.tables.reader import reader
from tests.support.sim.tables import read, refusal, written

ARRAY = "holds one JSON array, not one object a line; write it as lines (jq -c '.[]' FILE)"
KEY = "write it as a key of its own"
ONE_LINE = "must be one JSON object a line"


def test_values_keep_what_was_written(tmp_path: Path) -> None:
    """Numbers keep their digits, words of JSON are words, and what is null or absent is absent."""
    lines = (
        '{"id": 4000120000000357000001, "card": 4.00012E+15, "amount": 0.10, "fraud": true}\n'
        '{"id": -0, "card": null, "amount": 1e400, "fraud": false, "more": {"deep": [1, 2]}}\r\n'
        '\n  \n {"fraud": "true", "id": "1"} \n\n'
    )
    source = reader(written(tmp_path, "some.jsonl", lines))
    (frame,) = source.frames(["id", "card", "amount", "fraud"])
    assert frame.to_dict(as_series=False) == {
        "id": ["4000120000000357000001", "-0", "1"],
        "card": ["4.00012E+15", None, None],
        "amount": ["0.10", "1e400", None],
        "fraud": ["true", "false", "true"],
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty; give another file"),
        ("\ufeff\n \n", "is empty; give another file"),
        ('{"a": 1}\n{"a": 1, "b": 2, "a": 3}\n', "row 2: has the key a twice; drop one"),
        ('{"a": 1}\n\n{"a": {"x": 1, "x": 2}}\n', "row 2: has the key x twice; drop one"),
        ('{"a": 1}\n{"a": {"x": 1}, "b": 1}\n', f"row 2, column a: must be one value, got an object; {KEY}"),
        ('{"a": 1}\n{"a": [1]}\n', f"row 2, column a: must be one value, got a list; {KEY}"),
        ('{"a": 1}\n{"a": NaN}\n', "row 2: has NaN, which is no JSON; write null"),
        ('{"a": -Infinity}\n', "row 1: has -Infinity, which is no JSON; write null"),
        ('{"a": 1}\n[1]\n', f"row 2: {ONE_LINE}, got ['1']; write keys and values in braces"),
        ('{"a": 1}\n"x\\u001b[2J"\n', rf"row 2: {ONE_LINE}, got 'x\x1b[2J'; write keys and values in braces"),
        ('[{"a": 1}, {"a": 2}]', f"row 1: {ARRAY}"),
        ('[\n  {"a": 1}\n]\n', f"row 1: {ARRAY}"),
        ('{"a": 1}\n{"a": "x\n', f"row 2: {ONE_LINE}, but breaks off; write the whole object on one line, or drop it"),
        ('{\n  "a": 1\n}\n', f"row 1: {ONE_LINE}, but breaks off; write the whole object on one line, or drop it"),
        ("{'a': 1}\n", f"row 1: {ONE_LINE}, but is none from character 2 on (\"'a': 1}}\"); mend or drop it"),
        ('{"a": 1}{"a": 2}\n', f"row 1: {ONE_LINE}, but is none from character 9 on ('{{\"a\": 2}}'); mend or drop it"),
        ('{"a": "\ud83d"}\n'.encode("utf-8", "surrogatepass"), "row 1: is not UTF-8; save the file as UTF-8"),
        ('{"a": 1}\n{"a": "caf\xe9"}\n'.encode("latin-1"), "row 2: is not UTF-8; save the file as UTF-8"),
        ('{"a": "\\ud83d"}\n', r"row 1, column a: has half a character, '\ud83d', which is no text; mend the row"),
        ('{"a": ' + "[" * 100_000 + "\n", "row 1: is nested too deeply; write one flat object a line"),
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused_with_its_row(tmp_path: Path, content: str | bytes, said: str) -> None:
    """Each way in which a line can be wrong has a sentence of its own."""
    assert refusal(written(tmp_path, "some.jsonl", content)) == f"some.jsonl: {said}"


def test_a_column_that_comes_late_is_found(tmp_path: Path) -> None:
    """A key that only a late line has is a column for who asks for it; one that no line has is none."""
    lines = '{"a": 1}\n' * 500 + '{"a": 1, "late": 2}\n'
    source = reader(written(tmp_path, "some.jsonl", lines))
    assert source.columns() == ["a"]
    assert source.columns({"late"}) == ["a", "late"]
    assert source.columns({"never"}) == ["a", "late"]
    assert read(written(tmp_path, "other.jsonl", '{"a": 1}\n{"b": 2}\n')) == {"a": ["1", None], "b": [None, "2"]}


def test_what_is_nested_does_no_harm_until_it_is_wanted(tmp_path: Path) -> None:
    """A key that holds an object or a list is not offered as a column; asked for, it is refused with its row."""
    file = written(tmp_path, "some.jsonl", '{"a": 1, "geo": {"lat": 1.5}, "tags": [1]}\n')
    assert read(file) == {"a": ["1"]}
    source = reader(file)
    assert source.columns({"geo"}) == ["a", "geo"]
    with pytest.raises(TransactionFileError, match="row 1, column geo: must be one value, got an object"):
        list(source.frames(["a", "geo"]))
