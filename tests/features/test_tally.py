"""Laws of sums over history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from actors.features import log
from actors.features.history import History
from actors.features.labels import Labels
from actors.features.tally import Tally, fill
from actors.transaction import Columns
from tests.features.streams import DAY_US, START_US, streams

DELAY_US = DAY_US // 2


def tally_of(history: History, at_us: int) -> Tally:
    view = history.view()
    tally = Tally.empty(view.card_count, view.merchant_count)
    for _ in fill(tally, view, at_us, DELAY_US):
        pass
    return tally


@given(streams(40), st.integers(1, 9), st.integers(0, 40 * DAY_US), st.integers(0, 3 * DAY_US))
def test_sums_do_not_depend_on_how_history_is_cut(columns: Columns, piece: int, after_us: int, known_us: int) -> None:
    """However few rows are added up at once, each sum is the same to the bit, and a merchant's latest category too."""
    history = History()
    history.append(columns)
    fraud = (columns.event_us % 5 == 0).astype("uint8")
    labels = Labels(columns.event_us, columns.merchants, columns.category, columns.event_us, fraud)
    history.append_labels(labels, columns.event_us + known_us)
    whole = tally_of(history, START_US + after_us)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(log, "_PIECE", piece)
        pieces = tally_of(history, START_US + after_us)
    for name in Tally.__slots__:
        assert_array_equal(getattr(pieces, name), getattr(whole, name))
