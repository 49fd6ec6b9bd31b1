"""The state that a run starts with: the model's own, in as many copies as the run has copies of the world."""

from collections.abc import Sequence

import numpy as np

from actors.core.errors import ArtifactError
from actors.features.batch_table import BatchTableBuilder
from actors.features.column_log import Allocate
from actors.features.history import History
from actors.features.refresh import boundary
from actors.features.store import InMemoryFeatureStore
from actors.features.stream_state import InMemoryStreamState
from actors.model.artifact import Artifact
from actors.model.warm_state import WarmState, load_history, load_warm_state, load_windows, room_for
from sim.world.active_towns import PooledTown
from sim.world_copies.history import CopiedSums
from sim.world_copies.names import Copy
from sim.world_copies.windows import copied_windows


def warm_state(
    artifact: Artifact,
    start_us: int,
    label_delay_us: int,
    towns: Sequence[PooledTown] = (),
    allocate: Allocate = np.empty,
) -> WarmState:
    """Return the state with which a run starts at event time ``start_us``.

    Args:
        artifact: the model, with the state at the end of its history.
        start_us: event time at the start.
        label_delay_us: event time from a transaction to its label.
        towns: of a synthetic world, the training world among them; none for a file of transactions.
        allocate: makes the arrays of what is appended to history.

    Raises:
        ArtifactError: the state cannot be read, or is of another world, of which there are no copies.
    """
    end_us = artifact.manifest.state_end_us
    copies = [Copy(0), *(Copy(town.index, max(0, town.activated_us - end_us)) for town in towns if town.index)]
    if len(copies) == 1:
        return load_warm_state(artifact, start_us, label_delay_us, allocate)
    windows = load_windows(artifact)
    try:
        stream = InMemoryStreamState(room_for(windows, len(copies)), copied_windows(windows.rings, copies))
        earlier = CopiedSums(load_history(artifact), copies, label_delay_us)
    except ValueError as error:
        raise ArtifactError(f"{artifact.state}: {error}; name a model that was trained on this world") from error
    history = History(allocate, earlier.cards, earlier.merchants)
    builder = BatchTableBuilder(history, label_delay_us, earlier)
    return WarmState(stream, history, builder, InMemoryFeatureStore(builder.build(boundary(start_us))))
