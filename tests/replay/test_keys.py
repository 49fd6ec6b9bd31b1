"""A key of several columns, of which some may be absent."""

import polars as pl

from sim.replay.field import Break
from sim.replay.keys import KeyField
from sim.scenario.events import KeyColumn

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
