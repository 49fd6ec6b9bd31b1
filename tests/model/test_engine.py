"""The engine scores exactly as LightGBM does, whatever the batch, the memory layout or the thread."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from actors.arrays import F64
from actors.errors import ModelError
from actors.model.engine import FEW_ROWS, Engine
from tests.model.conftest import NAMES, Fitted


@pytest.fixture
def engine(fitted: Fitted) -> Engine:
    return Engine(fitted.booster, len(NAMES))


def predicted(fitted: Fitted, count: int) -> F64:
    return np.asarray(fitted.booster.predict(fitted.rows[:count], num_threads=1))


@pytest.mark.parametrize("count", [1, 2, FEW_ROWS, FEW_ROWS + 1, 64, 1_000])
def test_scores_equal_the_library_to_the_last_bit(fitted: Fitted, engine: Engine, count: int) -> None:
    """Few rows and many go through different C calls with the same result."""
    assert engine.score(fitted.rows[:count]).tolist() == predicted(fitted, count).tolist()


def test_a_row_scores_alone_as_in_a_batch(fitted: Fitted, engine: Engine) -> None:
    """The batch a row happens to be in does not change its score."""
    together = engine.score(fitted.rows[:50]).tolist()
    assert [engine.score_row(row) for row in fitted.rows[:50]] == together


def test_memory_order_does_not_change_scores(fitted: Fitted, engine: Engine) -> None:
    """A column-major or strided matrix is copied, not misread."""
    expected = predicted(fitted, 40)
    assert engine.score(np.asfortranarray(fitted.rows[:40])).tolist() == expected.tolist()
    assert engine.score(fitted.rows[:40:2]).tolist() == expected[::2].tolist()


def test_no_rows_give_no_scores(fitted: Fitted, engine: Engine) -> None:
    """An empty batch is an answer, not an error."""
    assert engine.score(fitted.rows[:0]).shape == (0,)


def test_a_row_of_missing_values_has_a_score(engine: Engine) -> None:
    """NaN in every column still gives a number in [0, 1]."""
    assert 0.0 <= engine.score_row(np.full(len(NAMES), np.nan, dtype=np.float32)) <= 1.0


@pytest.mark.parametrize("shape", [(4, 6), (4, 8), (7,), (2, 3, 7)])
def test_a_wrong_shape_is_refused_before_it_reaches_the_library(engine: Engine, shape: tuple[int, ...]) -> None:
    """The C call would read past the end of a matrix with too few columns."""
    with pytest.raises(ModelError, match="shape"):
        engine.score(np.zeros(shape, dtype=np.float32))


def test_a_booster_of_another_width_is_refused(fitted: Fitted) -> None:
    """The engine and its booster agree on the number of features from the start."""
    with pytest.raises(ModelError, match="8 features"):
        Engine(fitted.booster, 8)


def test_threads_do_not_disturb_each_other(fitted: Fitted, engine: Engine) -> None:
    """Batches in executor threads and single rows here give the scores they give alone."""
    expected = predicted(fitted, 500).tolist()
    with ThreadPoolExecutor(4) as pool:
        batches = [pool.submit(engine.score, fitted.rows[:500]) for _ in range(24)]
        singles = [engine.score_row(row) for row in fitted.rows[:500]]
        results = [batch.result().tolist() for batch in batches]
    assert singles == expected
    assert all(result == expected for result in results)
