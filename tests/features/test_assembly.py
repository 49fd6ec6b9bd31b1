"""The assembly: one matrix from three tiers, the same for one row and for many."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from actors.core.arrays import F32, U8
from actors.core.batches import Mode
from actors.core.transaction import Columns
from actors.features.assembly import FeatureAssembly
from actors.features.catalogue import CATALOGUE, HARD_LIMIT_S, STALE_AFTER_S, STREAM_COLUMNS, Tier, feature
from actors.features.encoding import CODE_COUNT
from actors.features.store import CARD_COLUMNS, MERCHANT_COLUMNS, MISSING_AT, StoreRows
from actors.features.stream_state import InMemoryStreamState
from tests.support.actors.plain_features import naive_rows
from tests.support.actors.transactions import DAY_US, START_US, batches, columns_of, random_stream, streams

ALL = tuple(each.name for each in CATALOGUE)
BATCH = [at for at, each in enumerate(CATALOGUE) if each.tier is Tier.BATCH]
S = 1_000_000


def rows_for(columns: Columns, seed: int = 0) -> StoreRows:
    """Return store rows of every age, with absent ones and missing values among them."""
    chance = np.random.default_rng(seed)
    count = len(columns)
    ages_us = (np.array([1, STALE_AFTER_S, STALE_AFTER_S + 1, HARD_LIMIT_S, HARD_LIMIT_S + 1]) * S)[:, None]
    card, merchant = (
        chance.uniform(-80, 80, (count, width)).astype(np.float32)
        for width in (len(CARD_COLUMNS), len(MERCHANT_COLUMNS))
    )
    card[::7, 6:] = np.nan
    card[::5, 5] = 0
    computed = columns.event_us - np.resize(ages_us, (2, count))
    computed[0, ::11] = MISSING_AT
    computed[1, ::13] = MISSING_AT
    return StoreRows(card, computed[0], merchant, computed[1][::-1].copy())


def row_slice(rows: StoreRows, at: slice) -> StoreRows:
    return StoreRows(rows.card[at], rows.card_computed_us[at], rows.merchant[at], rows.merchant_computed_us[at])


def compute(columns: Columns, rows: StoreRows | None, features: tuple[str, ...] = ALL) -> tuple[F32, U8]:
    return FeatureAssembly(features).join(columns, InMemoryStreamState().count(columns), rows)


def one(columns: Columns, name: str) -> float:
    features, _ = compute(columns, None, (name,))
    value: float = features[-1, 0].item()
    return value


@given(streams(60), st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_features_are_what_the_definition_says(columns: Columns, sizes: list[int]) -> None:
    """However transactions are cut into batches, each row is bit for bit what plain Python makes of its definition."""
    rows = rows_for(columns)
    whole, (_, modes) = naive_rows(columns, rows), compute(columns, rows)
    assembly, stream, start = FeatureAssembly(ALL), InMemoryStreamState(), 0
    for part in batches(columns, *sizes):
        at = slice(start, start + len(part))
        features, mode = assembly.join(part, stream.count(part), row_slice(rows, at))
        assert_array_equal(features, whole[at])
        assert_array_equal(mode, modes[at])
        start += len(part)


@pytest.mark.parametrize("count", [3, 300])
def test_columns_come_in_the_order_asked(count: int) -> None:
    """Any choice of features in any order gives their columns of the whole, as contiguous float32."""
    columns = random_stream(count, 1)
    rows = rows_for(columns)
    whole, _ = compute(columns, rows)
    for names in (ALL[::-1], ALL[::3], ("home_km",), ("merchant_risk_7d", "card_tx_1h", "amount", "card_tx_1d")):
        features, _ = compute(columns, rows, names)
        assert_array_equal(features, whole[:, [ALL.index(name) for name in names]])
        assert features.dtype == np.float32
        assert features.flags.c_contiguous


@pytest.mark.parametrize("count", [5, 200])
def test_the_mode_is_that_of_the_older_row(count: int) -> None:
    """Fresh is full, past the limit stale, past the hard limit or absent is without the batch tier."""
    columns = random_stream(count, 2)
    rows = rows_for(columns)
    features, modes = compute(columns, rows)
    for at, mode in enumerate(modes.tolist()):
        instants = int(rows.card_computed_us[at]), int(rows.merchant_computed_us[at])
        age_s = (int(columns.event_us[at]) - min(instants)) / S
        if MISSING_AT in instants or age_s > HARD_LIMIT_S:
            assert mode == Mode.REALTIME_ONLY
            assert np.isnan(features[at, BATCH]).all()
        else:
            assert mode == (Mode.STALE if age_s > STALE_AFTER_S else Mode.FULL)
            assert np.isfinite(features[at, BATCH]).sum() >= len(BATCH) - 2


@pytest.mark.parametrize("count", [1, 100])
def test_a_failed_look_up_leaves_the_batch_tier_missing(count: int) -> None:
    """Without rows the batch tier is NaN, never zero, the other tiers are as they were, and the windows go on."""
    columns = random_stream(count, 3)
    features, modes = compute(columns, None)
    whole, _ = compute(columns, rows_for(columns))
    others = [at for at in range(len(ALL)) if at not in BATCH]
    assert set(modes.tolist()) == {int(Mode.REALTIME_ONLY)}
    assert np.isnan(features[:, BATCH]).all()
    assert_array_equal(features[:, others], whole[:, others])


@pytest.mark.parametrize("count", [1, 100])
def test_windows_that_do_not_answer_leave_the_streaming_tier_missing(count: int) -> None:
    """Without them the streaming tier is NaN, never zero, and the other tiers and modes are as they were."""
    columns = random_stream(count, 4)
    rows = rows_for(columns)
    features, modes = FeatureAssembly(ALL).join(columns, None, rows)
    whole, whole_modes = compute(columns, rows)
    streaming = [ALL.index(name) for name in STREAM_COLUMNS]
    others = [at for at in range(len(ALL)) if at not in streaming]
    assert np.isnan(features[:, streaming]).all()
    assert_array_equal(features[:, others], whole[:, others])
    assert_array_equal(modes, whole_modes)


def test_an_unknown_feature_is_refused() -> None:
    """A name that is not in the catalogue never becomes a column."""
    with pytest.raises(KeyError, match="card_tx_2h"):
        FeatureAssembly(("amount", "card_tx_2h"))


def test_cross_features_join_payload_and_store() -> None:
    """The ratio is amount over mean, and the distance that from home."""
    columns = columns_of([(0, 1, 1, None, 5_000, (48.8566, 2.3522))])
    card = np.array([[1, 2, 3, 10, 20, 25, 51.5074, -0.1278]], dtype=np.float32)
    now = np.array([START_US])
    rows = StoreRows(card, now, np.ones((1, len(MERCHANT_COLUMNS)), dtype=np.float32), now)
    features, _ = compute(columns, rows, ("amount_ratio_30d", "home_km"))
    assert_allclose(features, [[2.0, 343.6]], rtol=1e-3)


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("amount", lambda _: 12.5),
        ("hour_of_day", lambda _: START_US % DAY_US / DAY_US * 24),
        ("local_hour", lambda _: (START_US % DAY_US / DAY_US * 24 + 6) % 24),
        ("weekday", lambda _: 0.0),
        ("category", lambda _: 1.0),
        ("online", lambda _: 0.0),
        ("country_mismatch", lambda _: 1.0),
    ],
)
def test_real_time_features_say_what_the_payload_says(count: int, name: str, expected: Callable[[None], float]) -> None:
    """Each real-time feature has its value on both roads."""
    columns = columns_of([(0, 1, 0, 0, 1_250, (10.0, 90.0))] * count)
    assert one(columns, name) == pytest.approx(expected(None), abs=1e-5)


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("name", ["local_hour", "category", "country_mismatch", "home_km", "card_speed_kmh"])
def test_what_the_payload_lacks_is_missing(count: int, name: str) -> None:
    """Without the fields it needs, a feature is NaN."""
    assert feature(name).needs
    assert math.isnan(one(columns_of([(0, 2, 2, None, 1, None)] * count), name))


def test_a_category_outside_the_vocabulary_has_a_code() -> None:
    """An unknown category is a value of its own, and not missing."""
    code = one(columns_of([(0, 1, 1, None, 1, None)]), "category")
    assert 12 <= code < CODE_COUNT
