"""Copies in the windows: a copy of a card goes on as the card itself would."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from actors.core.transaction import Columns, cut
from actors.features.entity_windows import StreamLimits
from actors.features.stream_state import InMemoryStreamState
from sim.world_copies.names import Copy, copies
from sim.world_copies.windows import copied_windows
from tests.support.actors.transactions import DAY_US, batches, columns_of, random_stream

PAST = random_stream(3_000, 1, cards=200, merchants=60, devices=150, days=10)
NEXT = replace(
    random_stream(600, 2, cards=210, merchants=65, devices=160, days=1),
    event_us=random_stream(600, 2, days=1).event_us + 10 * DAY_US,
)
LATER = Copy(2, 36 * 3_600_000_000)


def state_after_past() -> InMemoryStreamState:
    state = InMemoryStreamState()
    state.count(PAST)
    return state


def copied(count: int, *more: Copy, limits: StreamLimits | None = None) -> InMemoryStreamState:
    """Return windows in which ``count`` copies, and ``more``, have the past of the first."""
    return InMemoryStreamState(limits, copied_windows(state_after_past().rings, (*copies(count), *more)))


def moved(columns: Columns, copy: Copy) -> Columns:
    """Return ``columns`` as they would happen in ``copy``."""
    return replace(
        columns,
        event_us=columns.event_us + copy.shift_us,
        cards=copy.rename(columns.cards),
        merchants=copy.rename(columns.merchants),
        device=[None if device is None else copy.rename([device])[0] for device in columns.device],
    )


@pytest.mark.parametrize("size", [1, 7, 250])
@pytest.mark.parametrize("copy", [Copy(0), Copy(1), LATER], ids=str)
def test_a_copy_goes_on_as_the_original_would(copy: Copy, size: int) -> None:
    """The same transactions give a copy's cards the features they give the training world's, times shifted alike."""
    original, run = state_after_past(), copied(2, LATER)
    for part in batches(NEXT, size):
        assert_array_equal(run.count(moved(part, copy)), original.count(part))


def test_sale_for_nothing_is_remembered_in_a_copy_too() -> None:
    """Of the first merchant of all: its word has nothing but zeros in it."""
    first, then = columns_of([(0, 1, 0, None, 0, None)]), columns_of([(60_000_000, 1, 0, None, 5, None)])
    original = InMemoryStreamState()
    original.count(first)
    run = InMemoryStreamState(None, copied_windows(original.rings, copies(2)))
    assert_array_equal(run.count(moved(then, Copy(1))), original.count(then))


def test_copies_do_not_meet() -> None:
    """What happens in one copy changes nothing in another, the training world included."""
    alone, together = state_after_past(), copied(4)
    for copy in copies(4)[1:]:
        together.count(moved(NEXT, copy))
    assert_array_equal(together.count(NEXT), alone.count(NEXT))


def test_a_device_of_the_copy_is_not_new_to_its_card() -> None:
    """A card's copy knows the copies of its devices, and no stranger."""
    state = copied(2)
    last = {card: device for card, device in zip(PAST.cards, PAST.device, strict=True) if device is not None}
    known = [at for at, card in enumerate(PAST.cards) if PAST.device[at] is not None and last[card] == PAST.device[at]]
    again = cut(PAST, slice(known[-1], known[-1] + 1))
    features = state.count(moved(again, Copy(1)))
    assert features[0, 6] == 0


def test_a_copy_twice_is_refused() -> None:
    """Two copies of one number would be one."""
    with pytest.raises(ValueError, match="must be distinct"):
        copied(2, Copy(1))


def test_only_copy_0_is_copied() -> None:
    """The past of another world, whose names carry no copy, cannot be every copy's."""
    state = InMemoryStreamState()
    state.count(replace(PAST, merchants=[f"shop {name}" for name in PAST.merchants]))
    with pytest.raises(ValueError, match="only a synthetic world"):
        copied_windows(state.rings, copies(2))


def test_identities_run_out_before_they_are_given_twice() -> None:
    """More copies than a packed word can tell apart are refused."""
    with pytest.raises(ValueError, match="than there are identities"):
        copied_windows(state_after_past().rings, [Copy(number) for number in range(200_000)])


def test_who_is_not_seen_takes_no_room() -> None:
    """However many copies there are, rings hold the entities of the run."""
    state = copied(40)
    assert len(state.rings.cards) == 0
    state.count(moved(NEXT, Copy(7)))
    assert set(state.rings.cards.rows) == set(Copy(7).rename(NEXT.cards))


def test_who_is_forgotten_comes_back_with_its_past() -> None:
    """What it did in the run is lost, what was known of it before is not: it is as when it was first seen."""
    limits = StreamLimits(cards=500, merchants=130, devices=400)
    state, fresh = copied(2, limits=limits), copied(2)
    known, unknown = moved(NEXT, Copy(1)), random_stream(2_000, 3, cards=900, days=1)
    first = cut(known, slice(0, 1))
    state.count(known)
    state.count(replace(unknown, cards=[f"x{name}" for name in unknown.cards]))
    assert first.cards[0] not in state.rings.cards.rows
    assert_array_equal(state.count(first)[:, :8], fresh.count(first)[:, :8])


def test_windows_with_a_past_are_not_stored() -> None:
    """They would be without those who were not seen yet."""
    with pytest.raises(ValueError, match="cannot be stored"):
        copied(2).rings.to_arrays()


def test_shifts_are_rounded_to_whole_refreshes() -> None:
    """Copies that start within one refresh period share their past in the batch tier."""
    six_hours_us = DAY_US // 4
    shifts = [Copy(1, round(hours * DAY_US / 24)).grid_shift_us for hours in (0, 2.9, 3.1, 6, 8.9, 9.1)]
    assert [shift // six_hours_us for shift in shifts] == [0, 0, 1, 1, 1, 2]
    assert np.diff(shifts).min() >= 0
