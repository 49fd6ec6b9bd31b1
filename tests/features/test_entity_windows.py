"""Streaming features: however a stream is cut, what the plain definition says."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.arrays import F32
from actors.core.errors import StreamStateError
from actors.core.transaction import Columns, cut
from actors.features.catalogue import STREAM_COLUMNS
from actors.features.entity_windows import StreamLimits
from actors.features.stream_state import InMemoryStreamState
from tests.support.actors.plain_features import naive_features
from tests.support.actors.transactions import batches, columns_of, random_stream, streams


def advance_all(state: InMemoryStreamState, parts: list[Columns]) -> F32:
    return np.concatenate([state.count(part) for part in parts])


def column(features: F32, name: str) -> list[float]:
    values: list[float] = features[:, STREAM_COLUMNS.index(name)].tolist()
    return values


@given(streams(), st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_batch_boundaries_change_nothing(columns: Columns, sizes: list[int]) -> None:
    """However a stream is cut into batches, it gives bit for bit what looking through everything before gives."""
    features = advance_all(InMemoryStreamState(), batches(columns, *sizes))
    np.testing.assert_array_equal(features, naive_features(columns))


@pytest.mark.parametrize("cards", [1, 5, 300])
def test_large_batches_say_what_the_definition_says(cards: int) -> None:
    """Batches in which hot entities overrun their rings several times are exact too."""
    columns = random_stream(1_500, cards, cards=cards, merchants=3, days=0.5, devices=2)
    np.testing.assert_array_equal(advance_all(InMemoryStreamState(), batches(columns, 700)), naive_features(columns))


def test_a_batch_counts_once_however_often_it_comes() -> None:
    """Whole or one by one, what is delivered again gets what it got, and what follows is unharmed."""
    columns, numbers, expected = random_stream(300, 1), np.arange(300), naive_features(random_stream(300, 1))

    async def main() -> None:
        state = InMemoryStreamState()
        for at in [slice(0, 200), slice(0, 200), *(slice(row, row + 1) for row in range(200)), slice(200, 300)]:
            features = await state.advance(numbers[at], cut(columns, at))
            np.testing.assert_array_equal(features, expected[at])

    asyncio.run(main())


def test_what_was_counted_earlier_is_not_passed_off_as_counted_last() -> None:
    """Numbers that no crash can bring back are refused, and change nothing."""
    columns, numbers = random_stream(30, 1), np.arange(30)

    async def main() -> None:
        state = InMemoryStreamState()
        for at in (slice(0, 10), slice(10, 20)):
            await state.advance(numbers[at], cut(columns, at))
        for at in (slice(0, 10), slice(15, 25)):
            with pytest.raises(StreamStateError, match="were not counted together, or not last"):
                await state.advance(numbers[at], cut(columns, at))
        features = await state.advance(numbers[20:], cut(columns, slice(20, 30)))
        np.testing.assert_array_equal(features, naive_features(columns)[20:])

    asyncio.run(main())


def test_first_transaction_of_a_card_misses_what_needs_a_past() -> None:
    """Without an earlier transaction, gap, speed and new device are missing, and counts are one."""
    features = InMemoryStreamState().count(columns_of([(0, 1, 1, 1, 500, (0.0, 0.0))]))
    named = dict(zip(STREAM_COLUMNS, features[0].tolist(), strict=True))
    missing = {name for name, value in named.items() if np.isnan(value)}
    assert missing == {"card_gap_s", "card_device_new", "card_speed_kmh"}
    assert (named["card_tx_1h"], named["card_amount_24h"], named["device_cards_7d"]) == (1, 5, 1)


def test_a_device_is_new_only_against_a_past() -> None:
    """A device is unknown on a first transaction, new on the next, and missing where there is none."""
    rows = [(1, 1, 1, device, 1, None) for device in (0, 1, 1, None, 0)]
    features = InMemoryStreamState().count(columns_of(list(rows)))
    np.testing.assert_array_equal(column(features, "card_device_new"), [np.nan, 1, 0, np.nan, 0])


def test_what_happened_before_never_has_a_negative_age() -> None:
    """A transaction that comes late gets gap 0, and counts those ahead of it as now."""
    columns = columns_of([(0, 1, 1, None, 1, None), (-60_000_000, 1, 1, None, 1, None)])
    features = InMemoryStreamState().count(columns)
    assert column(features, "card_gap_s")[1] == 0
    assert column(features, "card_tx_1h") == [1, 2]


def test_counts_end_at_the_ring() -> None:
    """A card counts at most 17 transactions and a merchant 33, whatever the number."""
    columns = columns_of([(1, 1, 1, 1, 100, None)] * 60)
    features = InMemoryStreamState().count(columns)
    assert max(column(features, "card_tx_1h")) == 17
    assert max(column(features, "card_amount_24h")) == 17
    assert max(column(features, "merchant_tx_1h")) == 33


@given(streams(40), streams(40))
def test_saved_state_goes_on_as_if_never_saved(before: Columns, after: Columns) -> None:
    """Saving and loading between two batches changes no feature of the second."""
    state = InMemoryStreamState()
    state.count(before)
    loaded = InMemoryStreamState()
    loaded.rings.from_arrays(state.rings.to_arrays())
    np.testing.assert_array_equal(loaded.count(after), state.count(after))


def test_state_survives_a_file(tmp_path: Path) -> None:
    """A file without pickles holds the whole state, names in any script included."""
    columns = random_stream(200, 3)
    columns.cards[0] = "carte-é-日本"
    state = InMemoryStreamState()
    state.count(columns)
    state.save(tmp_path / "stream.npz")
    loaded = InMemoryStreamState.load(tmp_path / "stream.npz")
    np.testing.assert_array_equal(loaded.count(columns), state.count(columns))


def test_a_stored_state_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    """Loading more entities than the limits allow is an error that tells both numbers."""
    state = InMemoryStreamState()
    state.count(random_stream(200, 4, cards=50))
    state.save(tmp_path / "stream.npz")
    with pytest.raises(ValueError, match=r"\d+ entities are stored, and the bound is 16"):
        InMemoryStreamState.load(tmp_path / "stream.npz", StreamLimits(cards=16))


def test_a_stored_column_of_another_shape_is_refused() -> None:
    """One that numpy would spread over all entities is no state of ours."""
    state = InMemoryStreamState()
    state.count(random_stream(200, 4, cards=50))
    arrays = state.rings.to_arrays()
    arrays["card_event_us"] = arrays["card_event_us"][:1]
    with pytest.raises(ValueError, match=r"event_us must have the shape \(\d+, 16\), and has \(1, 16\)"):
        InMemoryStreamState().rings.from_arrays(arrays)


@pytest.mark.parametrize("size", [1, 5, 20, 100])
def test_the_number_of_entities_is_bounded(size: int) -> None:
    """However many cards come, at most the limit is remembered, and those seen last are."""
    limits = StreamLimits(cards=64, merchants=64, devices=64)
    state = InMemoryStreamState(limits)
    columns = random_stream(2_000, 5, cards=10_000, merchants=10_000, devices=10_000)
    for part in batches(columns, size):
        state.count(part)
        assert max(len(state.rings.cards), len(state.rings.merchants), len(state.rings.devices)) <= 64
    assert set(columns.cards[-20:]) <= state.rings.cards.rows.keys()


def test_an_evicted_device_is_new_when_it_returns() -> None:
    """A row given to another entity never makes the two look alike."""
    state = InMemoryStreamState(StreamLimits(cards=16, merchants=16, devices=16))
    features = [
        column(state.count(columns_of([(1, 1, 1, device, 1, None)])), "card_device_new")[0]
        for device in [*range(40), 0]
    ]
    assert features[1:] == [1.0] * 40


def test_rings_may_grow_within_a_batch() -> None:
    """A batch of more new entities than there is room for has the features that its rows have one by one."""
    columns = random_stream(4_000, 6, cards=3_000, merchants=3_000, devices=3_000)
    whole, single = InMemoryStreamState(), InMemoryStreamState()
    expected = [single.count(part) for part in batches(columns, 100)]
    np.testing.assert_array_equal(whole.count(columns), np.concatenate(expected))
