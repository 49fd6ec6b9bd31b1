"""Towns in the windows: a copy of a card goes on as the card itself would."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from actors.features.columns import cut
from actors.features.rings import StreamLimits
from actors.features.towns import Town, towns
from actors.features.windows import InMemoryStreamState
from actors.transaction import Columns
from tests.features.streams import DAY_US, batches, random_stream

PAST = random_stream(3_000, 1, cards=200, merchants=60, devices=150, days=10)
NEXT = replace(
    random_stream(600, 2, cards=210, merchants=65, devices=160, days=1),
    event_us=random_stream(600, 2, days=1).event_us + 10 * DAY_US,
)


def state_after_past() -> InMemoryStreamState:
    state = InMemoryStreamState()
    state.advance(0, PAST)
    return state


def moved(columns: Columns, town: Town) -> Columns:
    """Return ``columns`` as they would happen in ``town``."""
    return replace(
        columns,
        event_us=columns.event_us + town.shift_us,
        cards=town.rename(columns.cards),
        merchants=town.rename(columns.merchants),
        device=[None if device is None else town.rename([device])[0] for device in columns.device],
    )


@pytest.mark.parametrize("size", [7, 250])
@pytest.mark.parametrize("town", [Town(1), Town(2, 36 * 3_600_000_000)])
@pytest.mark.parametrize("awake", [False, True])
def test_a_copy_goes_on_as_the_original_would(town: Town, size: int, *, awake: bool) -> None:
    """The same transactions give a town's cards the features they give the training world's, times shifted alike.

    Whether its past is copied on first sight or all pasts are before.
    """
    original, copies = state_after_past(), state_after_past()
    copies.add_towns((Town(1), Town(2, 36 * 3_600_000_000)))
    if awake:
        copies.wake()
    for number, part in enumerate(batches(NEXT, size), start=1):
        assert_array_equal(copies.advance(number, moved(part, town)), original.advance(number, part))


def test_towns_do_not_meet() -> None:
    """What happens in one town changes nothing in another, the training world's included."""
    alone, together = state_after_past(), state_after_past()
    together.add_towns(towns(4))
    for number, town in enumerate(towns(4), start=1):
        together.advance(number, moved(NEXT, town))
    assert_array_equal(together.advance(9, NEXT), alone.advance(9, NEXT))


def test_a_device_of_the_town_is_not_new_to_its_card() -> None:
    """A card's copy knows the copies of its devices, and no stranger."""
    state = state_after_past()
    state.add_towns(towns(2))
    last = {card: device for card, device in zip(PAST.cards, PAST.device, strict=True) if device is not None}
    known = [at for at, card in enumerate(PAST.cards) if PAST.device[at] is not None and last[card] == PAST.device[at]]
    at = slice(known[-1], known[-1] + 1)
    again = cut(PAST, at)
    features = state.advance(1, moved(again, Town(1)))
    assert features[0, 6] == 0


def test_forty_towns_are_bounded_by_the_limits() -> None:
    """Copies that would not fit are refused before any is made."""
    state = InMemoryStreamState(StreamLimits(cards=1_000, merchants=5_000, devices=5_000))
    state.advance(0, PAST)
    with pytest.raises(ValueError, match="no room for 9 towns of 200 cards within 1000"):
        state.add_towns(towns(10))
    assert len(state.rings.cards) == 200


def test_a_town_twice_is_refused() -> None:
    """Two towns of one number would be one."""
    with pytest.raises(ValueError, match="must be distinct"):
        state_after_past().add_towns((Town(1), Town(1)))


def test_only_town_0_has_twins() -> None:
    """The past of another world, whose names carry no town, cannot be every town's."""
    state = InMemoryStreamState()
    state.advance(0, replace(PAST, merchants=[f"shop {name}" for name in PAST.merchants]))
    with pytest.raises(ValueError, match="only entities of town 0"):
        state.add_towns(towns(2))


def test_who_is_not_seen_takes_no_room() -> None:
    """However many towns there are, rings hold the entities of the run."""
    state = state_after_past()
    state.add_towns(towns(40))
    assert len(state.rings.cards) == 0
    state.advance(1, moved(NEXT, Town(7)))
    assert set(state.rings.cards.rows) == set(Town(7).rename(NEXT.cards))


def test_all_who_are_woken_have_room() -> None:
    """Cards and merchants of every town are there, those that were seen before once; of devices only those."""
    state = state_after_past()
    state.add_towns(towns(5))
    state.advance(1, moved(NEXT, Town(2)))
    strangers = len(set(NEXT.cards) - set(PAST.cards)), len(set(NEXT.merchants) - set(PAST.merchants))
    devices = len(state.rings.devices)
    state.wake()
    state.wake()
    assert len(state.rings.cards) == 5 * len(set(PAST.cards)) + strangers[0]
    assert len(state.rings.merchants) == 5 * len(set(PAST.merchants)) + strangers[1]
    assert len(state.rings.devices) == devices


def test_a_forgotten_twin_comes_back_as_a_stranger() -> None:
    """What it did in the run is forgotten, so its past before the run must be too: a gap of days would be made up."""
    limits = StreamLimits(cards=500, merchants=130, devices=400)
    state = InMemoryStreamState()
    state.advance(0, PAST)
    state.rings.cards.max_entities = limits.cards
    state.add_towns(towns(2))
    known, strangers = moved(NEXT, Town(1)), random_stream(2_000, 3, cards=900, days=1)
    state.advance(1, known)
    state.advance(2, replace(strangers, cards=[f"x{name}" for name in strangers.cards]))
    assert known.cards[0] not in state.rings.cards.rows
    first = cut(known, slice(0, 1))
    assert np.isnan(state.advance(3, first)[0, 5])


def test_windows_of_towns_are_not_stored() -> None:
    """They would be without those who were not seen yet."""
    state = state_after_past()
    state.add_towns(towns(2))
    with pytest.raises(ValueError, match="cannot be stored"):
        state.rings.to_arrays()


def test_shifts_are_rounded_to_whole_refreshes() -> None:
    """Towns that start within one refresh period share their past in the batch tier."""
    six_hours_us = DAY_US // 4
    shifts = [Town(1, round(hours * DAY_US / 24)).grid_shift_us for hours in (0, 2.9, 3.1, 6, 8.9, 9.1)]
    assert [shift // six_hours_us for shift in shifts] == [0, 0, 1, 1, 1, 2]
    assert np.diff(shifts).min() >= 0
