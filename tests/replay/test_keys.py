"""Keys: of several columns, of which some may be absent, and of words that may stand for no value."""

import polars as pl
import pytest

from sim.replay.converters import DegreesField
from sim.replay.field import Break
from sim.replay.keys import KeyField, TextField
from sim.scenario.events import DegreesColumn, KeyColumn, TextColumn

PARTS = pl.DataFrame({"bank": ["x", None, "|", "x|"], "account": [None, "y", "1", None]})


def _keys(frame: pl.DataFrame, column: KeyColumn) -> pl.Series | Break:
    return KeyField("card", column).convert(frame, pl.int_range(1, 1 + len(frame), eager=True))


def test_row_without_a_part_is_refused_unless_it_may_be_absent() -> None:
    """Whoever lacks a part of the key is one with all who lack it, and that must be meant."""
    refused = _keys(PARTS, KeyColumn(columns=("bank", "account")))
    assert isinstance(refused, Break)
    assert refused.text.startswith("card must be known in every row")
    kept = _keys(PARTS, KeyColumn(columns=("bank", "account"), absent="keep"))
    assert isinstance(kept, pl.Series)
    assert kept.to_list() == ["x|", "|y", "\\||1", "x\\||"]


def test_row_without_any_part_is_refused() -> None:
    """A key of nothing is no key, in one column or in several."""
    nothing = pl.DataFrame({"bank": ["x", None], "account": ["y", None]})
    for column in (KeyColumn(columns=("bank", "account"), absent="keep"), KeyColumn(column="bank", absent="keep")):
        refused = _keys(nothing, column)
        assert isinstance(refused, Break)
        assert refused.index == 1


WORDS = ("NULL", "null", "None", "nan", "NaN", "NaT", "NA", "N/A", "<NA>", "(null)", "#N/A", "\\N", "undefined")


@pytest.mark.parametrize("word", WORDS)
def test_word_for_no_value_is_never_taken_for_a_value_unsaid(word: str) -> None:
    """All cards that are not known would be one card, with the windows of all of them."""
    frame = pl.DataFrame({"a": ["c-1", word]})
    rows = pl.int_range(1, 3, eager=True)
    for refused in (
        KeyField("card", KeyColumn(column="a")).convert(frame, rows),
        TextField("device", TextColumn(column="a")).convert(frame, rows),
    ):
        assert isinstance(refused, Break)
        assert refused.index == 1
        assert "may be a word for no value" in refused.text
        assert "missing: []" in refused.text
    said = TextField("device", TextColumn(column="a", missing=(word,))).convert(frame, rows)
    assert isinstance(said, pl.Series)
    assert said.to_list() == ["c-1", None]
    kept = KeyField("card", KeyColumn(column="a", missing=())).convert(frame, rows)
    assert isinstance(kept, pl.Series)
    assert kept.to_list() == ["c-1", word]


def test_missing_word_is_absent_wherever_a_value_may_be() -> None:
    """In a key it is refused, or one of the parts that may be absent; a number may be such a word too."""
    refused = _keys(pl.DataFrame({"bank": ["x", "-1"]}), KeyColumn(column="bank", missing=("-1",)))
    assert isinstance(refused, Break)
    assert refused.text.startswith("card must be known in every row")
    parts = pl.DataFrame({"bank": ["x", "Null"], "account": [None, "y"]})
    kept = _keys(parts, KeyColumn(columns=("bank", "account"), absent="keep", missing=("NULL",)))
    assert isinstance(kept, pl.Series)
    assert kept.to_list() == ["x|", "|y"]
    for numbers in ([4, -1], [4.0, -1.0]):
        assert isinstance(_keys(pl.DataFrame({"bank": numbers}), KeyColumn(column="bank", missing=("-1",))), Break)
    degrees = DegreesField("lat", DegreesColumn(column="a", missing=("NULL",)), 90.0)
    found = degrees.convert(pl.DataFrame({"a": ["48.2", "NULL"]}), pl.int_range(1, 3, eager=True))
    assert isinstance(found, pl.Series)
    assert found.to_list() == [48.2, None]
