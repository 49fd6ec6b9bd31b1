"""History: what was appended, in order, whatever it was cut from."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.features import history
from actors.features.columns import Part, cut
from actors.features.history import History
from actors.transaction import Columns
from tests.features.streams import DAY_US, random_stream

PAGE = 60
PAGES = [random_stream(PAGE, seed, cards=400, days=0.01) for seed in range(40)]

Turn = tuple[int, bool, bool]
TURNS = st.tuples(st.integers(1, 20), st.booleans(), st.booleans())


@pytest.fixture(autouse=True, scope="module")
def idle_names_are_forgotten_at_once() -> Iterator[None]:
    """Do not wait for a thousand of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "_SPARE_NAMES", 0)
        yield


def told(kept: History) -> list[tuple[object, ...]]:
    view = kept.view()
    cards, merchants = view.cards.names, view.merchants.names
    columns = {name: column.tolist() for name, column in view.transactions.items()}
    columns["card"] = [cards[code] for code in columns["card"]]
    columns["merchant"] = [merchants[code] for code in columns["merchant"]]
    return list(zip(*columns.values(), strict=True))


def parts(page: Columns, turns: list[Turn]) -> list[tuple[Columns, Columns]]:
    """Return parts of ``page``, each also as columns of their own; some are left out, some come alone."""
    found, start = [], 0
    for count, alone, left_out in turns:
        stop = min(start + count, len(page))
        if start < stop and not left_out:
            own = cut(page, slice(start, stop))
            found.append((own if alone else Part(page, start, stop), own))
        start = stop
    return found


@given(turns=st.lists(st.lists(TURNS, max_size=12), min_size=20, max_size=40), forgotten=st.sets(st.integers(0, 39)))
def test_parts_of_a_whole_make_the_history_that_they_make_alone(turns: list[list[Turn]], forgotten: set[int]) -> None:
    """Names looked up for all of a page, most of which follows, give no transaction another card, merchant or place."""
    together, alone = History(), History()
    for number, (page, of_page) in enumerate(zip(PAGES, turns, strict=False)):
        for part, own in parts(page, of_page):
            together.append(part)
            alone.append(own)
            if number in forgotten:  # at any time: codes may be given anew then
                for each in (together, alone):
                    each.prune(int(own.event_us[0]) - DAY_US // 400)
    assert len(together) == len(alone)
    assert told(together) == told(alone)
