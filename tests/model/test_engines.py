"""Every engine scores exactly as LightGBM does, whatever the model, the batch, the memory layout or the thread."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.arrays import F64
from actors.core.errors import ModelError
from actors.model.agreement import compiled_engine
from actors.model.engine import Engine
from actors.model.lightgbm_engine import LightGBMEngine, lightgbm
from tests.support.actors.boosters import Drawn, boosters
from tests.support.actors.small_model import NAMES, Fitted

Make = Callable[[lightgbm.Booster], Engine]


def by_lightgbm(booster: lightgbm.Booster) -> Engine:
    return LightGBMEngine(booster, booster.num_feature())


def compiled(booster: lightgbm.Booster) -> Engine:
    return compiled_engine(booster, np.zeros((0, booster.num_feature()), dtype=np.float32))


MAKERS = {"lightgbm": by_lightgbm, "compiled": compiled}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Make:
    return MAKERS[request.param]


@pytest.fixture
def engine(fitted: Fitted, make: Make) -> Engine:
    return make(fitted.booster)


def predicted(fitted: Fitted, count: int) -> F64:
    return np.asarray(fitted.booster.predict(fitted.rows[:count], num_threads=1))


def test_an_engine_names_itself(fitted: Fitted) -> None:
    """Its kind is the word by which a scenario asks for it."""
    assert {kind: make(fitted.booster).kind for kind, make in MAKERS.items()} == {kind: kind for kind in MAKERS}


def test_scores_equal_the_library_to_the_last_bit(fitted: Fitted, engine: Engine) -> None:
    """Few rows and many go different ways with the same result."""
    expected = predicted(fitted, 1_100)
    for count in (*range(1, 150), 255, 256, 257, 1_000, 1_024, 1_100):
        assert np.array_equal(engine.score(fitted.rows[:count]), expected[:count])


@settings(max_examples=40)
@given(boosters(), st.sampled_from(list(MAKERS)))
def test_a_model_of_any_shape_scores_as_the_library_does(drawn: Drawn, kind: str) -> None:
    """Whatever its depth, its leaves and what it takes for missing, and whatever is in the rows."""
    engine = MAKERS[kind](drawn.booster)
    expected = np.asarray(drawn.booster.predict(drawn.rows, num_threads=1))
    assert np.array_equal(engine.score(drawn.rows), expected)
    assert [engine.score(row[np.newaxis]).item() for row in drawn.rows] == expected.tolist()


def test_a_row_scores_alone_as_in_a_batch(fitted: Fitted, engine: Engine) -> None:
    """The batch a row happens to be in does not change its score."""
    together = engine.score(fitted.rows[:50]).tolist()
    assert [engine.score(row[np.newaxis]).item() for row in fitted.rows[:50]] == together


def test_memory_order_does_not_change_scores(fitted: Fitted, engine: Engine) -> None:
    """A column-major, strided, read-only, unaligned or double-precision matrix is copied, not misread."""
    rows, expected = fitted.rows[:40], predicted(fitted, 40).tolist()
    read_only = rows.copy()
    read_only.flags.writeable = False
    unaligned = np.zeros(rows.nbytes + 1, dtype=np.uint8)[1:].view(np.float32).reshape(rows.shape)
    unaligned[:] = rows
    swapped = rows.astype(">f4")
    copies: list[Any] = [np.asfortranarray(rows), read_only, unaligned, rows.astype(np.float64), swapped]
    for other in copies:
        assert engine.score(other).tolist() == expected
    assert engine.score(rows[::2]).tolist() == expected[::2]
    assert engine.score(rows[::-1]).tolist() == expected[::-1]


def test_rows_are_left_as_they_were(fitted: Fitted, engine: Engine) -> None:
    """Scoring writes nothing into what it reads."""
    rows = fitted.rows[:100].copy()
    engine.score(rows)
    assert np.array_equal(rows, fitted.rows[:100], equal_nan=True)


def test_no_rows_give_no_scores(fitted: Fitted, engine: Engine) -> None:
    """An empty batch is an answer, not an error."""
    assert engine.score(fitted.rows[:0]).shape == (0,)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, -0.0, 3.4e38, 1e-35, 1e-45])
def test_a_row_of_one_odd_value_has_the_score_of_the_library(fitted: Fitted, engine: Engine, value: float) -> None:
    """Missing, endless and vanishing values take the side that LightGBM gives them."""
    rows = np.full((20, len(NAMES)), value, dtype=np.float32)
    expected = np.asarray(fitted.booster.predict(rows, num_threads=1))
    assert engine.score(rows).tolist() == expected.tolist()
    assert engine.score(rows[:1]).item() == expected[0]


@pytest.mark.parametrize("shape", [(4, 6), (4, 8), (7,), (2, 3, 7)])
def test_a_wrong_shape_is_refused_before_it_is_read(engine: Engine, shape: tuple[int, ...]) -> None:
    """Nothing behind the end of a matrix with too few columns is looked at."""
    with pytest.raises(ModelError, match="shape"):
        engine.score(np.zeros(shape, dtype=np.float32))


def test_a_booster_of_another_width_is_refused(fitted: Fitted) -> None:
    """The engine and its booster agree on the number of features from the start."""
    with pytest.raises(ModelError, match="8 features"):
        LightGBMEngine(fitted.booster, 8)


def test_threads_do_not_disturb_each_other(fitted: Fitted, engine: Engine) -> None:
    """Batches in executor threads and single rows here give the scores they give alone."""
    expected = predicted(fitted, 500).tolist()
    with ThreadPoolExecutor(4) as pool:
        batches = [pool.submit(engine.score, fitted.rows[:500]) for _ in range(24)]
        singles = [engine.score(row[np.newaxis]).item() for row in fitted.rows[:500]]
        results = [batch.result().tolist() for batch in batches]
    assert singles == expected
    assert all(result == expected for result in results)
