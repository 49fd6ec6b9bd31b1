"""History: what was appended, in order, whatever it was cut from."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.features import history
from actors.features.history import History
from tests.support.actors.transactions import DAY_US, batches, random_stream

PAGE = 60
PAGES = [random_stream(PAGE, seed, cards=400, days=0.01) for seed in range(40)]


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


@given(sizes=st.lists(st.integers(1, PAGE), min_size=1, max_size=6), forgotten=st.sets(st.integers(0, 39)))
def test_history_is_what_came_however_it_was_cut(sizes: list[int], forgotten: set[int]) -> None:
    """Neither batches nor the forgetting of names give a transaction another card, merchant, amount or place."""
    whole, in_batches = History(), History()
    for number, page in enumerate(PAGES):
        whole.append(page)
        for part in batches(page, *sizes):
            in_batches.append(part)
        if number in forgotten:  # at any time: codes may be given anew then
            for each in (whole, in_batches):
                each.prune(int(page.event_us[0]) - DAY_US // 400)
        assert [row[1] for row in told(in_batches)[-PAGE:]] == page.cards
    assert len(whole) == len(in_batches)
    assert told(whole) == told(in_batches)
