"""Foreseen scores are the engine's, in whatever order they are asked for."""

from pathlib import Path

import numpy as np
import pytest

from actors.core.arrays import F32, F64
from actors.core.errors import ModelError
from actors.model.artifact import load_artifact
from actors.model.serving import ModelSlot
from sim.lookahead.scores import LookaheadScores
from tests.support.actors.small_model import Fitted, other_folder, write_folder


@pytest.fixture
def slot(tmp_path: Path, fitted: Fitted) -> ModelSlot:
    """Hold a small model."""
    return ModelSlot(load_artifact(write_folder(tmp_path / "first", fitted)))


def test_foreseen_scores_are_the_serving_models(tmp_path: Path, fitted: Fitted, slot: ModelSlot) -> None:
    """Whatever was foreseen with whichever model, a row has the score that the serving model's engine gives it."""
    second, scores = other_folder(tmp_path / "second", fitted, trees=5), LookaheadScores()
    for swapped in (False, True):
        if swapped:
            slot.swap(load_artifact(second))
        for start in (0, 100, 200, 300):
            expected = slot.current.engine.score(fitted.rows).tolist()
            for at in range(0, 400, 3):
                rows = fitted.rows[at : at + 3]
                assert scores.predict(slot.current, rows).tolist() == expected[at : at + 3]
            scores.foresee(slot.current.engine, fitted.rows[start : start + 100])


@pytest.mark.parametrize("count", [1, 2, 100, 400])
def test_the_order_of_asking_makes_no_difference(fitted: Fitted, slot: ModelSlot, count: int) -> None:
    """One by one, all at once, backwards, across the border of two pages, and rows left out."""
    rows = fitted.rows[: count + 50]
    expected = slot.current.engine.score(rows)
    orders = {
        "one by one": [slice(at, at + 1) for at in range(len(rows))],
        "all at once": [slice(0, count), slice(count, None)],
        "backwards": [slice(at, at + 7) for at in range(len(rows) - 7, 0, -7)],
        "across": [slice(0, count // 2), slice(count // 2, count + 10), slice(count + 10, None)],
        "left out": [slice(at, at + 3) for at in range(0, len(rows), 5)],
        "twice": [slice(0, 1), slice(0, 1), slice(1, 3), slice(0, 3)],
    }
    for name, order in orders.items():
        scores = LookaheadScores()
        scores.foresee(slot.current.engine, rows[:count])
        scores.foresee(slot.current.engine, rows[count:])
        for part in order:
            assert np.array_equal(scores.predict(slot.current, rows[part]), expected[part]), name


def test_a_foreseen_row_is_not_scored_again(fitted: Fitted, slot: ModelSlot, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order or not, what was foreseen costs the model nothing when it is asked for."""
    scores, engine = LookaheadScores(), slot.current.engine
    scores.foresee(engine, fitted.rows[:300])
    expected = engine.score(fitted.rows[:300])
    scores.predict(slot.current, fitted.rows[299:300])  # all of it is there now

    def refuse(self: object, features: F32) -> F64:
        raise AssertionError(f"{len(features)} rows are scored again")

    monkeypatch.setattr(type(engine), "score", refuse)
    for part in (slice(0, 8), slice(8, 290), slice(280, 300), slice(0, 300)):
        assert np.array_equal(scores.predict(slot.current, fitted.rows[part]), expected[part])


def test_scores_given_cannot_be_changed(fitted: Fitted, slot: ModelSlot) -> None:
    """Another batch may be given the same ones."""
    scores = LookaheadScores()
    scores.foresee(slot.current.engine, fitted.rows[:100])
    given = scores.predict(slot.current, fitted.rows[:10])
    with pytest.raises(ValueError, match="read-only"):
        given[0] = 1.0


def test_scoring_that_fails_ahead_fails_where_it_is_asked_for(
    fitted: Fitted, slot: ModelSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not earlier, and each time: the scorer then decides by rules."""
    scores, engine = LookaheadScores(), slot.current.engine

    def fail(self: object, features: F32) -> F64:
        raise ModelError("out of memory")

    monkeypatch.setattr(type(engine), "score", fail)
    scores.foresee(engine, fitted.rows[:100])
    for _ in range(2):
        with pytest.raises(ModelError, match="out of memory"):
            scores.predict(slot.current, fitted.rows[:5])
