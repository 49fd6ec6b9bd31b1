"""Laws of the rows of all towns' entities: a dict of names, without the names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.features.interner import numbers_of
from actors.features.towns import Town, TownNames, towns
from actors.features.twin_rows import TwinRows

NAMES = ["c0-5", "c0-1", "c0-0-7"]
TOWNS = (Town(0), *towns(3))
ASKED = st.sampled_from(["c0-5", "c1-5", "c2-5", "c1-1", "c2-0-7", "c9-1", "c1-99", "stranger"])


@given(st.lists(st.tuples(st.sampled_from(["set", "delete"]), ASKED, st.integers(0, 99)), max_size=30))
def test_rows_are_those_of_a_dict(steps: list[tuple[str, str, int]]) -> None:
    """Whatever is given and taken away, of towns or strangers, look-ups find what a dict of names finds."""
    rows, plain = TwinRows(TownNames(NAMES, TOWNS)), dict[str, int]()
    for step, name, row in steps:
        if step == "set":
            rows[name] = plain[name] = row
        else:
            assert rows.pop(name, None) == plain.pop(name, None)
    asked = ["c0-5", "c1-5", "c2-5", "c1-1", "c2-0-7", "c9-1", "c1-99", "stranger", "nobody"]
    assert dict(rows) == plain
    assert len(rows) == len(plain)
    assert [rows.get(name) for name in asked] == [plain.get(name) for name in asked]
    np.testing.assert_array_equal(numbers_of(asked, rows, -1), [plain.get(name, -1) for name in asked])


def test_who_has_no_row_is_not_found() -> None:
    """Neither a town's entity that was not seen nor a stranger."""
    rows = TwinRows(TownNames(NAMES, TOWNS))
    for name in ("c1-5", "stranger"):
        assert name not in rows
        with pytest.raises(KeyError):
            rows[name]
        with pytest.raises(KeyError):
            del rows[name]
