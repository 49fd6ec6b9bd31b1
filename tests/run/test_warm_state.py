"""The state that a run starts with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from actors.core.errors import ArtifactError
from actors.core.transaction import read
from actors.features.history import History
from actors.features.stream_state import InMemoryStreamState
from actors.model.artifact import load_artifact
from actors.model.warm_state import HISTORY_FILE, WINDOWS_FILE, room_for
from sim.run.warm_state import warm_past, warm_state
from sim.world.active_towns import PooledTown
from tests.support.actors.transactions import DAY_US, START_US, random_stream
from tests.support.sim.workers import transactions


@pytest.mark.parametrize("foreign", ["cards", "merchants"])
def test_a_model_of_other_data_is_refused_where_its_world_would_be_copied(
    foreign: str, world_model: Path, tmp_path: Path
) -> None:
    """Names that carry no copy's number are one line that says so."""
    columns = random_stream(50, 1)
    getattr(columns, foreign)[:] = ["4711"] * len(columns)
    artifact = replace(load_artifact(world_model), folder=tmp_path)
    artifact.state.mkdir()
    stream, history = InMemoryStreamState(), History()
    stream.count(columns)
    stream.save(artifact.state / WINDOWS_FILE)
    history.append(columns)
    history.save(artifact.state / HISTORY_FILE)
    with pytest.raises(ArtifactError, match=r"only a synthetic world can be copied.*; name a model"):
        warm_state(artifact, START_US, DAY_US // 2, [PooledTown(0, START_US), PooledTown(1, START_US)])


@pytest.mark.parametrize("town_count", [1, 3])
def test_windows_that_begin_empty_with_the_past_know_as_much_as_warm_ones(world_model: Path, town_count: int) -> None:
    """Whether a record is there from the start or fetched when its entity turns up, features are the same."""
    artifact = load_artifact(world_model)
    start_us = artifact.manifest.state_end_us
    towns = [PooledTown(number, start_us) for number in range(town_count)]
    columns = read(transactions(2_000))
    warm = warm_state(artifact, start_us, DAY_US // 2, towns).stream
    empty = InMemoryStreamState(room_for(warm), warm_past(artifact, towns))
    assert len(empty.rings.cards) == 0
    np.testing.assert_array_equal(empty.count(columns), warm.count(columns))
